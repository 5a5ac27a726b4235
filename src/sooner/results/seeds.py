"""Whether the runs of a lane are as many as its seeds, or one run again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from sooner.results.claims import CLAIMS
from sooner.results.records import Comparison, Lane, Run
from sooner.results.suspicions import SeedIgnored
from sooner.results.verdict import Cause, Reason

# A metric of few values repeats itself by chance. Each further value along a curve would have to do so as well, in each
# further run; honest metrics of 40 examples do in a third of the cases at most.
_VALUES = 4  # that a curve takes at least
_TOGETHER = 12  # further values times further runs, before they are no coincidence
_ROUNDING = 1e-4  # of the way that a curve goes: sums of a device that differ from run to run, not seeds


def distinct(runs: Sequence[Run]) -> int:
    """How many of the runs are no copy of another one: of the same metrics, to where the shorter one ends.

    The same are metrics that differ by less than one in 10,000 of the way that they go. Those that stay at few values
    count as different ones. Costs O(runs times distinct runs times evaluations).
    """
    groups: list[list[tuple[float, ...]]] = []
    for curve in sorted((_curve(run) for run in runs), key=len, reverse=True):
        for group in groups:
            if _same(curve, group[0]):
                group.append(curve)
                break
        else:
            groups.append([curve])
    return sum(1 if _together(group) >= _TOGETHER else len(group) for group in groups)


def ignored(comparison: Comparison, runs: Mapping[str, Sequence[Run]]) -> Reason | None:
    """The reason to withhold a verdict whose pairs are fewer than they seem, as a lane ignores its seed.

    One run shows nothing of how the next would go, however often it is repeated. Two lanes that pass through the same
    metrics, pair by pair, are compared in their speed alone: no luck of a seed decides between them.
    """
    if comparison.finding not in CLAIMS:
        return None
    lanes = _repeating(runs, comparison.lane, comparison.against)
    return Reason(Cause.SEED_IGNORED, lanes) if lanes else None


def notices(lanes: Sequence[Lane]) -> list[SeedIgnored]:
    """The lanes that ignore their seed, where that bears on a comparison of the race."""
    runs = {lane.name: lane.runs for lane in lanes}
    found = [name for lane in lanes for other in lane.opponents for name in _repeating(runs, lane.name, other)]
    return [SeedIgnored(name, len(runs[name]), distinct(runs[name])) for name in dict.fromkeys(found)]


def _repeating(runs: Mapping[str, Sequence[Run]], lane: str, against: str) -> tuple[str, ...]:
    mine, theirs = ({run.seed: run for run in runs[name]} for name in (lane, against))
    seeds = sorted(mine.keys() & theirs.keys())
    sides = {lane: [mine[seed] for seed in seeds], against: [theirs[seed] for seed in seeds]}
    lanes = tuple(name for name, side in sides.items() if distinct(side) < len(side))
    alike = all(_close(_curve(mine[seed]), _curve(theirs[seed])) for seed in seeds)
    return () if alike else lanes


def _curve(run: Run) -> tuple[float, ...]:
    return tuple(look.metric for look in run.evaluations)


def _same(shorter: tuple[float, ...], longer: tuple[float, ...]) -> bool:
    return _close(shorter, longer[: len(shorter)]) and _values(shorter) >= _VALUES


def _close(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    apart = _ROUNDING * _way(one)
    return len(one) == len(other) and all(abs(a - b) <= apart for a, b in zip(one, other, strict=True))


def _way(curve: tuple[float, ...]) -> float:
    return max(curve) - min(curve) if curve else 0.0


def _values(curve: tuple[float, ...]) -> int:
    """How many different ones there are, of which rounding makes no two."""
    values = sorted(curve)
    return sum(after - before > _ROUNDING * _way(curve) for before, after in pairwise(values)) + bool(values)


def _together(group: Sequence[tuple[float, ...]]) -> int:
    return (len(group) - 1) * (_values(group[-1]) - 1)
