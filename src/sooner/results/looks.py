"""The looks that a race is scored on: such as all of its lanes can have, each with the noise of the metric there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from sooner.results.budgets import is_climb
from sooner.results.look_notices import EndedAtTarget, LooksLeftOut, LooksSkipped
from sooner.results.notices import Notice
from sooner.results.records import Evaluation, Run
from sooner.statistics.grid import nearest, spacing
from sooner.statistics.noise import noise_of, scatter_of

Lanes = Mapping[str, Sequence[Run]]

_DENSER = 1.5  # times as many looks, and as close, before a lane has more of them than another
OF_LOOKS = (LooksLeftOut, LooksSkipped, EndedAtTarget)
_FEW = 40  # steps from one evaluation to the next, among which a metric that is what it was would fall
_SKIPPED = 0.2  # of the evaluations of a lane
_LEAST = 1e-9  # noise of the metric, below which it is of the sums
_DIGITS = 4  # of the noise, in results.json


@dataclass(frozen=True)
class Grid:
    """Where all lanes are looked at: every so many `examples`, or seconds, as `coarsest` was; its runs had `looks`."""

    every: float
    coarsest: str
    looks: float
    examples: bool


def equal(lanes: Lanes) -> dict[str, list[Run]]:
    """The runs with what their times are read from: `left_out` where other lanes had no look, and `noise`.

    It depends on where the runs were looked at and on their metric alone, so runs that were equalled before may be
    again, and lanes that are compared have to be equalled together. Climbs of the fitted protocol have one end a
    budget, and stay as they are.
    """
    common = grid(lanes)
    return {name: _noisy([_thinned(run, common, runs) for run in runs]) for name, runs in lanes.items()}


def scored(run: Run) -> list[Evaluation]:
    """The evaluations that count for the run's times."""
    out = set(run.left_out)
    return [each for place, each in enumerate(run.evaluations) if place not in out]


def grid(lanes: Lanes) -> Grid | None:
    """The coarsest grid of the race; None where no lane chose one.

    In examples where all runs count them, else in seconds. A lane of one look a run has no grid: its times are bounds.
    """
    everything = [run for runs in lanes.values() for run in runs]
    if any(is_climb(run.evaluations) for run in everything):
        return None
    examples = all(_counts(runs) for runs in lanes.values())
    every = {name: spacing([_where(run, examples) for run in runs]) for name, runs in lanes.items()}
    known = {name: each for name, each in every.items() if each}
    if not known:
        return None
    coarsest = max(known, key=lambda name: known[name])
    return Grid(known[coarsest], coarsest, _looks(lanes[coarsest]), examples)


def notices(lanes: Lanes, target: float) -> list[Notice]:
    """What equal looks cost, and which lanes chose theirs by their metric; `lanes` are `equal` already."""
    common, hiding = grid(lanes), _hiding(lanes)
    found: list[Notice] = []
    for name, runs in lanes.items():
        out = sum(len(run.left_out) for run in runs)
        if out and common is not None:
            every = common.every if common.examples else round(common.every, 3)
            looks = sum(len(run.evaluations) for run in runs)
            found.append(LooksLeftOut(name, out, looks, common.coarsest, every, common.examples))
        if name in hiding:
            found.append(LooksSkipped(name, round(hiding[name], 3)))
        ended = ended_at(runs, target)
        if ended:
            found.append(EndedAtTarget(name, ended, len(runs)))
    return found


def chosen(lanes: Lanes, target: float) -> list[str]:
    """Lanes whose evaluations, or the ends of half of whose runs, were chosen by the metric."""
    hiding = _hiding(lanes)
    return [name for name, runs in lanes.items() if name in hiding or 2 * ended_at(runs, target) >= len(runs) > 0]


def touched(run: Run, target: float) -> bool:
    """Whether a look found the target reached, and the run is a miss for all that: it was not confirmed."""
    return not run.hit and any(look.metric >= target for look in scored(run))


def ended_at(runs: Sequence[Run], target: float) -> int:
    """How many runs ended, unlike others of their lane, at their first look at the target, which nothing confirms."""
    ends = {run.steps for run in runs}
    if len(ends) < 2:
        return 0
    touched = [run for run in runs if run.stopped is None and run.evaluations and not is_climb(run.evaluations)]
    return sum(
        not run.hit
        and run.evaluations[-1].metric >= target
        and all(look.metric < target for look in run.evaluations[:-1])
        for run in touched
    )


def metric_noise(runs: Sequence[Run], target: float) -> float | None:
    """The standard deviation of one look where the runs cross the target, or at their end: the median over the runs.

    None where no run shows any noise, so that nothing is known of it. Measured by itself: what a climb hides counts.
    """
    if any(is_climb(run.evaluations) for run in runs):
        return None
    scatter = scatter_of([[look.metric for look in scored(run)] for run in runs]).tolist()
    there = [scatter[_first(run, target)] for run in runs if scored(run)]
    noise = float(f"{median(there):.{_DIGITS}g}") if there else 0.0
    return noise if noise > _LEAST else None


def _first(run: Run, target: float) -> int:
    """The place of the first scored look at the target, else of the last."""
    metrics = [look.metric for look in scored(run)]
    return next((place for place, metric in enumerate(metrics) if metric >= target), len(metrics) - 1)


def skipped(runs: Sequence[Run]) -> float:
    """The share of evaluations that a lane kept for itself because they were bad, 0 where it shows no sign of it.

    The sign is a metric that never falls in any run, while evaluations are missing that other runs of the lane have
    there, or repeat the one before to the last digit, as the best so far does. A metric that stays at the best that
    the lane ever had is none: it may have no better.
    """
    seen = [run.evaluations for run in runs if not is_climb(run.evaluations)]
    steps = [list(pairwise(looks)) for looks in seen]
    together = [step for run in steps for step in run]
    if len(together) < _FEW or _falls(runs):
        return 0.0
    best = max(look.metric for looks in seen for look in looks)
    repeated = sum(before.metric == after.metric < best for before, after in together)
    # A gap is one where the run has usually less, and where another run of the lane had less, too: runs differ in
    # pace, and evaluations may be meant to come ever less often.
    gaps = [[after.seconds - before.seconds for before, after in run] for run in steps]
    usual = [sorted(run)[len(run) // 4] for run in gaps if run]
    missing = 0
    for place in range(max(map(len, gaps))):
        there = [(run[place], own) for run, own in zip(filter(None, gaps), usual, strict=True) if place < len(run)]
        least = min(gap for gap, _ in there)
        missing += sum(round(gap / max(least, own)) - 1 for gap, own in there if gap > max(least, own) > 0)
    share = (missing + repeated) / (missing + len(together))
    return share if share >= _SKIPPED else 0.0


def _hiding(lanes: Lanes) -> dict[str, float]:
    """The share of evaluations that each lane `skipped`; none where no lane's metric ever falls."""
    if not any(_falls(runs) for runs in lanes.values()):
        return {}
    return {name: share for name, runs in lanes.items() if (share := skipped(runs))}


def _falls(runs: Sequence[Run]) -> bool:
    return any(after.metric < before.metric for run in runs for before, after in pairwise(run.evaluations))


def _thinned(run: Run, common: Grid | None, lane: Sequence[Run]) -> Run:
    places = range(len(run.evaluations))
    if common is None or not _denser(lane, common):
        return replace(run, left_out=[])
    kept = set(nearest(_where(run, common.examples), common.every).tolist())
    return replace(run, left_out=[place for place in places if place not in kept])


def _denser(lane: Sequence[Run], common: Grid) -> bool:
    every = spacing([_where(run, common.examples) for run in lane])
    return every is not None and every * _DENSER < common.every and _looks(lane) > _DENSER * common.looks


def _noisy(runs: Sequence[Run]) -> list[Run]:
    if any(is_climb(run.evaluations) for run in runs):
        return list(runs)
    metrics = [[look.metric for look in scored(run)] for run in runs]
    noise = [float(f"{value:.{_DIGITS}g}") for value in noise_of(metrics).tolist()]
    return [replace(run, noise=noise[: len(metric)]) for run, metric in zip(runs, metrics, strict=True)]


def _looks(runs: Sequence[Run]) -> float:
    return median(len(run.evaluations) for run in runs)


def _counts(runs: Sequence[Run]) -> bool:
    """Whether a lane tells its examples: where it does not, its steps stand there."""
    return not runs or any(look.examples != look.step for run in runs for look in run.evaluations)


def _where(run: Run, examples: bool) -> list[float]:
    return [float(look.examples) if examples else look.seconds for look in run.evaluations]
