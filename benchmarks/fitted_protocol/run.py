"""Does the fitted protocol keep its error rate, and what does it save? Writes results.json, prints the tables.

    python -m benchmarks.fitted_protocol.run

Five minutes on two cores; the same numbers every time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import (
    MIN_PAIRS,
    Evaluation,
    Record,
    Time,
    Trajectory,
    agenda,
    compare,
    counted,
    per_seed,
    smallest_budget,
)
from benchmarks.fitted_protocol.alternatives import Wanted, by_share, full_grid, own_start
from benchmarks.fitted_protocol.races import EPOCHS, LANES, RUNGS, Setting, World

from benchmarks import _files

RACES = 2_000  # of equal lanes; a quarter where they differ, an eighth in the comparisons of ways and readings
Spend = Callable[[Sequence[str], Sequence[str], Sequence[int], Sequence[Record], float], Wanted]

WAYS: dict[str, Spend] = {"race": agenda, "own start": own_start, "by share": by_share, "full grid": full_grid}


def isotonic(climb: Sequence[Evaluation], target: float) -> Time:
    """The race's: the crossing of the monotone climb."""
    return _trajectory(climb, counted(climb)).time(target)


def first(climb: Sequence[Evaluation], target: float) -> Time:
    """The smallest budget that reaches the target, however lucky."""
    return _trajectory(climb, np.maximum.accumulate([each.metric for each in climb]).tolist()).time(target)


def confirmed(climb: Sequence[Evaluation], target: float) -> Time:
    """The smallest budget that reaches the target if the next one does, too."""
    return _trajectory(climb, [each.metric for each in climb]).time(target)


def at_rung(climb: Sequence[Evaluation], target: float) -> Time:
    """As the race's, without interpolation: the whole time of the rung that reaches the target."""
    curve = counted(climb)
    place = next((place for place, metric in enumerate(curve) if metric >= target), None)
    if place is None:
        return Time(climb[-1].seconds, censored=True)
    return Time(climb[place].seconds, first_look=place == 0)


TIMES = {"isotonic": isotonic, "first": first, "confirmed": confirmed, "at rung": at_rung}


def _trajectory(climb: Sequence[Evaluation], metric: list[float]) -> Trajectory:
    return Trajectory([each.seconds for each in climb], metric, climb[-1].seconds)


def simulate(setting: Setting, way: str, races: int = RACES, times: Sequence[str] = ("isotonic",)) -> list[Row]:
    """Whole races, through the public functions: a row for each way to read a time."""
    rng = np.random.default_rng(zlib.crc32(repr(setting).encode()))  # the same races whatever way they are run
    tally = {name: np.zeros(4) for name in times}
    ratios: dict[str, list[float]] = {name: [] for name in times}
    runs = cost = right = near = 0.0
    for _ in range(races):
        world, records = World(rng, setting), []
        while wanted := WAYS[way](LANES, RUNGS, range(setting.pairs), records, setting.target):
            records += [world.run(*cell) for cell in wanted]
        runs += len(records)
        cost += sum(EPOCHS[RUNGS.index(record.lane.split("@")[1])] for record in records)
        climbs = {lane: per_seed(lane, RUNGS, records, lambda record: record.seconds) for lane in LANES}
        for lane in LANES:
            found = smallest_budget(climbs[lane], RUNGS, setting.target)
            off = abs(_place(found) - _place(setting.smallest(lane)))
            right, near = right + (off == 0), near + (off <= 1)
        seeds = sorted(climbs["A"].keys() & climbs["B"].keys())
        for name in times:
            lane, against = ([TIMES[name](climbs[each][seed], setting.target) for seed in seeds] for each in "BA")
            figures = compare(lane, against)
            faster = figures.ci_low is not None and figures.ci_low > 1
            slower = figures.ci_high is not None and figures.ci_high < 1
            tally[name] += [faster, slower, figures.pairs < MIN_PAIRS, len(seeds)]
            if figures.ratio is not None:
                ratios[name].append(figures.ratio)
    full = 2 * setting.pairs * races
    return [
        {
            **asdict(setting),
            "way": way,
            "time": name,
            "races": races,
            "faster": tally[name][0] / races,
            "slower": tally[name][1] / races,
            "too_few_pairs": tally[name][2] / races,
            "pairs_raced": tally[name][3] / races,
            "ratio_known": len(ratios[name]) / races,
            "median_ratio": float(np.median(ratios[name])) if ratios[name] else None,
            "runs_per_seed": runs / full,
            "share_of_full_cost": cost / (full * sum(EPOCHS)),
            "smallest_budget_right": right / (2 * races),
            "smallest_budget_within_a_rung": near / (2 * races),
        }
        for name in times
    ]


def _place(budget: str | None) -> int:
    return len(RUNGS) if budget is None else RUNGS.index(budget)


Job = tuple[Setting, str, int, tuple[str, ...]]


def levels() -> list[Job]:
    """Equal lanes, and lanes 1.5x apart, under every kind of noise."""
    kinds = [
        *(Setting(pairs, noise=noise) for noise in (0.3, 1.0, 3.0) for pairs in (6, 8, 12)),
        Setting(8, noise=0.3, shared=True),
        Setting(8, at=4.2),
        Setting(8, at=34.0),
        Setting(8, failures=0.05),
        Setting(8, unequal=True),
    ]
    return [
        (replace(kind, speed=speed), "race", races, ("isotonic",))
        for kind in kinds
        for speed, races in ((1.0, RACES), (1.5, RACES // 4))
    ]


def ways() -> list[Job]:
    """Against other ways to spend the runs."""
    settings = [Setting(12, speed, noise=noise) for noise in (0.3, 1.0, 3.0) for speed in (1.0, 1.5)]
    settings += [Setting(12, 4.0, at=24.0)]
    return [(setting, way, RACES // 8, ("isotonic",)) for setting in settings for way in WAYS]


def readings() -> list[Job]:
    """Against other readings of a seed's time."""
    kinds = [Setting(12, noise=0.3), Setting(12), Setting(12, failures=0.05), Setting(12, noise=3.0)]
    return [(replace(k, speed=speed), "race", RACES // 8, tuple(TIMES)) for k in kinds for speed in (1.0, 1.5)]


def show(title: str, rows: list[Row]) -> None:
    columns = ("noise", "shared", "at", "failures", "unequal", "pairs", "speed", "way", "time", "faster", "slower")
    columns += ("too_few_pairs", "median_ratio", "runs_per_seed", "share_of_full_cost")
    columns += ("smallest_budget_right", "smallest_budget_within_a_rung")
    print("", title, " | ".join(columns), sep="\n")
    for row in rows:
        values = (row[column] for column in columns)
        print(" | ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in values), flush=True)


def main() -> None:
    found = {}
    with ProcessPoolExecutor(2) as pool:
        for title, jobs in (("levels", levels()), ("ways", ways()), ("readings", readings())):
            found[title] = [row for rows in pool.map(simulate, *zip(*jobs, strict=True)) for row in rows]
            show(title, found[title])
    save(beside(__file__, "results.json"), {title: _files.table(rows) for title, rows in found.items()})


if __name__ == "__main__":
    main()
