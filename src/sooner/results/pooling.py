"""Several races of one question made into one: more pairs where they go on from each other, else side by side.

Two runs are only ever paired within one race, where they took turns. So a lane keeps its own race's opponents, and no
lane is compared with a lane of another race; the exception is the baseline of a later race, which is held against the
first one's: both run the same recipe on the same seeds, so what they differ by is the machine. Two lanes of different
races can be judged by their ratios to their own baselines, from which such a drift cancels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from sooner._words import number_of
from sooner.errors import SoonerError
from sooner.results.comparable import differences
from sooner.results.doubts import over_pairs
from sooner.results.drift import drift
from sooner.results.notices import Drift, GridsDiffer, LanesRenamed, Notice, OfRace, PairsPooled
from sooner.results.records import Comparison, Lane, Results, Run
from sooner.results.rescoring import VERDICTS, Level, rescore
from sooner.results.suspicions import Suspicion
from sooner.results.tuning import Tuning
from sooner.results.verdict import Finding
from sooner.statistics.extension import extended
from sooner.statistics.family import share
from sooner.statistics.signed_rank import ALPHA


@dataclass
class _Side:
    """Races that go on from each other: no seed in common, so their lanes have more pairs together."""

    number: int
    races: list[tuple[str, Results]]
    lanes: dict[str, tuple[str, Lane]] = field(default_factory=dict)  # by their name once joined, with their own

    @property
    def seeds(self) -> set[int]:
        return {seed for _, race in self.races for seed in _seeds(race)}


def join(races: Sequence[Results], names: Sequence[str]) -> Results:
    """One race made of several, scored.

    Races with no seed in common, evaluated equally often, go on from each other: their lanes of equal name and recipe
    become one, with the pairs of all, each pair still within its own race. Pairs added when a verdict was there to
    be seen make another chance of a false one, so they are judged at what the looks before left of the 5%, as those
    added to one race are (`extended`), and their intervals are that much wider. Races that stopped by their results,
    were confirmed, or had pairs added, keep their own levels and are not added to.

    Other races stand side by side. A lane whose name is taken gets the number of its race (`baseline#2`), and the
    notices say what the baselines show of the machine between the races.

    Args:
        races: two or more, all with the same target (see `rescore`), the earliest counts as the first.
        names: what to call them, all different.

    Raises:
        SoonerError: they differ in what decides times, are the same race, or are too few.
    """
    if len(races) != len(names) or len(set(names)) != len(names):
        raise ValueError(f"each race needs a name of its own, not {list(names)} for {number_of(len(races), 'race')}")
    if len(races) < 2:
        given = f"{number_of(len(races), 'race')} {'was' if len(races) == 1 else 'were'}"
        raise SoonerError(f"{given} given; joining takes two or more, each by its folder or results.json")
    _refuse(races, names)
    sides = _sides(sorted(zip(names, races, strict=True), key=lambda named: named[1].started))
    joined = _joined(sides)
    return replace(joined, notices=[*joined.notices, *_doubts(sides, joined), *_drifts(sides, joined)])


def _refuse(races: Sequence[Results], names: Sequence[str]) -> None:
    for place, race in enumerate(races):
        for other, name in zip(races[:place], names, strict=False):
            if race.started == other.started and race.lanes == other.lanes:
                raise SoonerError(f"{name} and {names[place]} are the same race: give each race once")
    differing = differences(races)
    if differing:
        advice = "race those lanes again in one race"
        if [difference.fact for difference in differing] == ["target"]:
            advice = "give --target, to score all at the same"
        lines = "\n  ".join(difference.line(names) for difference in differing)
        raise SoonerError(f"these races cannot be joined, because their times cannot be compared:\n  {lines}\n{advice}")


def _sides(races: Sequence[tuple[str, Results]]) -> list[_Side]:
    sides: list[_Side] = []
    for name, race in races:
        side = next((known for known in sides if _goes_on(known, race)), None)
        if side is None:
            side = _Side(len(sides) + 1, [])
            sides.append(side)
        side.races.append((name, race))
    return sides


def _goes_on(side: _Side, race: Results) -> bool:
    grid = side.races[0][1].evaluate_every  # it moves times to target, so pairs of two grids are not of one kind
    alike = all(_open(one) for _, one in [*side.races, ("", race)]) and race.evaluate_every == grid
    return alike and not side.seeds & _seeds(race)


def _open(race: Results) -> bool:
    """Whether pairs may be added: their number was fixed before the race, and nothing has been chosen by them."""
    return race.detect is None and not race.confirmation and all(c.looks == 1 for c in race.comparisons)


def _seeds(race: Results) -> set[int]:
    return {run.seed for lane in race.lanes for run in lane.runs}


def _joined(sides: Sequence[_Side]) -> Results:
    lanes: dict[str, Lane] = {}
    levels: dict[str, Level] = {}
    fresh: dict[str, list[Run]] = {}
    withheld: list[Comparison] = []  # pairs of other races do not lift the reason
    for side in sides:
        parts: dict[str, list[int]] = {}
        for _, race in side.races:
            called = {lane.name: _called(lane, side, lanes) for lane in race.lanes}
            known = {c.lane: (c.alpha, c.looks) for c in race.comparisons if not c.confirmation}
            for lane in race.lanes:
                name = called[lane.name]
                opponents = [called[other] for other in lane.opponents]
                if lane.role == "baseline" and side.number > 1:
                    opponents = [_baseline(lanes)]
                renamed = replace(lane, name=name, opponents=opponents, added_for=_added_for(lane, called))
                lanes[name] = _more(lanes[name], renamed) if name in side.lanes else renamed
                side.lanes[name] = (lane.name, lane)
                parts.setdefault(name, []).append(len(lane.runs))
                if len(side.races) == 1:
                    levels[name] = known.get(lane.name, (ALPHA, 1))
            fresh |= {called[name]: runs for name, runs in race.confirmation.items()}
            withheld += [
                replace(c, lane=called[c.lane], against=called[c.against], any_alpha=None)
                for c in race.comparisons
                if c.finding is Finding.WITHHELD
            ]
        if len(side.races) > 1:
            alpha = share(max(1, sum(lanes[name].role == "lane" for name in side.lanes)))
            levels |= {name: _level(ran, alpha) for name, ran in parts.items()}
    races = [race for side in sides for _, race in side.races]
    prices, differences_sought = {race.price_per_hour for race in races}, {race.detect for race in races}
    whole = replace(
        races[0],
        lanes=list(lanes.values()),
        comparisons=withheld,
        complete=all(race.complete for race in races),
        pairs=max(len(lane.runs) for lane in lanes.values()),
        notices=[
            *_notices(sides),
            *(OfRace(name, notice) for side in sides for name, race in side.races for notice in race.notices),
        ],
        price_per_hour=prices.pop() if len(prices) == 1 else None,
        detect=differences_sought.pop() if len(differences_sought) == 1 else None,
        confirmation=fresh,
        looked=[],  # of one of the races; their levels keep what it cost
        set_before=next((race.set_before for race in races if race.set_before is not None), None),
    )
    return rescore(whole, levels=levels)


def _called(lane: Lane, side: _Side, taken: dict[str, Lane]) -> str:
    """The lane's name among those of all races: its own, or with a number where that is another lane's."""
    for name, (own, other) in side.lanes.items():
        if own == lane.name and other.recipe == lane.recipe:
            return name
    stem, number, name = re.sub(r"#\d+$", "", lane.name), max(2, side.number), lane.name
    while name in taken:
        name, number = f"{stem}#{number}", number + 1
    return name


def _baseline(lanes: dict[str, Lane]) -> str:
    return next(name for name, lane in lanes.items() if lane.role == "baseline")


def _added_for(lane: Lane, called: dict[str, str]) -> str | None:
    if lane.added_for is None:
        return None
    return ", ".join(called.get(name, name) for name in lane.added_for.split(", "))


def _more(lane: Lane, further: Lane) -> Lane:
    opponents = dict.fromkeys([*lane.opponents, *further.opponents])
    return replace(
        lane,
        runs=sorted([*lane.runs, *further.runs], key=lambda run: run.seed),
        opponents=list(opponents),
        counts_examples=lane.counts_examples and further.counts_examples,
        tuning=_both_searches(lane, further),
    )


def _both_searches(lane: Lane, further: Lane) -> Tuning | None:
    """The search of the first race, whose rate the second one found, too; what both cost."""
    one, other = lane.tuning, further.tuning
    if one is None or other is None:
        return None
    return replace(one, runs=one.runs + other.runs, seconds=one.seconds + other.seconds)


def _level(parts: Sequence[int], alpha: float) -> Level:
    """Of the pairs of several races together, each of which ran so many of them, in their order."""
    seen = dict.fromkeys(accumulate(parts))
    look = extended(list(seen)[:-1], alpha)
    return look.alpha, look.number


def _notices(sides: Sequence[_Side]) -> list[Notice]:
    grids = {name: race.evaluate_every for side in sides for name, race in side.races}
    notices: list[Notice] = []
    if len(set(grids.values())) > 1:
        notices.append(GridsDiffer(tuple(grids), tuple(grids.values())))
    for side in sides:
        races = _names(side)
        renamed = tuple(name for name, (before, _) in side.lanes.items() if name != before)
        if renamed:
            notices.append(LanesRenamed(races, renamed))
        if len(races) > 1:
            notices.append(PairsPooled(races))
    return notices


def _names(side: _Side) -> tuple[str, ...]:
    return tuple(name for name, _ in side.races)


def _doubts(sides: Sequence[_Side], joined: Results) -> list[Suspicion]:
    """What the pairs of several races together show of their lanes, and none of them alone."""
    found: list[Suspicion] = []
    for side in sides:
        if len(side.races) == 1:
            continue
        own = {name: before for name, (before, _) in side.lanes.items()}
        told = {(notice.kind, getattr(notice, "lane", "")) for _, race in side.races for notice in race.notices}
        lanes = [
            replace(lane, opponents=[name for name in lane.opponents if name in own])
            for lane in joined.lanes
            if lane.name in own
        ]
        found += [doubt for doubt in over_pairs(lanes, joined.target) if (doubt.kind, own[doubt.lane]) not in told]
    return found


def _drifts(sides: Sequence[_Side], joined: Results) -> list[Drift]:
    """What the baselines, run again in a later race, show of the machine."""
    drifts = []
    first = _baseline({lane.name: lane for lane in joined.lanes})
    for side in sides[1:]:
        later = next(name for name, (_, lane) in side.lanes.items() if lane.role == "baseline")
        key = (later, first, VERDICTS, False)
        wall = next((c for c in joined.comparisons if (c.lane, c.against, c.clock, c.confirmation) == key), None)
        drifts.append(drift(later, first, _names(side), wall))
    return drifts
