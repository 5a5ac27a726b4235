"""A run's metric over a clock, and its times to a target, by the looks that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sooner.results import looks
from sooner.results.budgets import counted
from sooner.results.records import Clock, Run
from sooner.statistics.crossing import at
from sooner.statistics.times import Time, Trajectory


def trajectory(run: Run, clock: Clock) -> Trajectory:
    """A run's metric over one clock; "examples" takes the number of examples for the time."""
    seen = looks.scored(run)
    match clock:
        case "wall":
            spent, end = [e.seconds for e in seen], run.budget_s
        case "examples":
            spent, end = [float(e.examples) for e in seen], float(run.examples)
    end = max(end, spent[-1] if spent else 0.0)
    return Trajectory(spent, counted(seen), end, broke_off=run.stopped is not None, noise=run.noise or 0.0)


def timed(run: Run, target: float) -> Run:
    """The same run with its times to another target."""
    position, confirmed = trajectory(run, "examples").crossing(target)  # among the looks, so on any clock
    hit, seen = bool(confirmed), looks.scored(run)

    def there(values: list[float]) -> float | None:
        return float(at(position, values)) if hit else None

    return replace(
        run,
        hit=hit,
        time_to_target_s=there([e.seconds for e in seen]),
        steps_to_target=there([e.step for e in seen]),
        examples_to_target=there([e.examples for e in seen]),
    )


def times(runs: Sequence[Run], target: float, clock: Clock) -> list[Time]:
    """The runs' times to the target."""
    return [trajectory(run, clock).time(target) for run in runs]


def paired(mine: Sequence[Run], theirs: Sequence[Run], clock: Clock) -> tuple[list[Trajectory], list[Trajectory]]:
    """The runs of two lanes with the seeds that both ran, in their order."""
    one, other = ({run.seed: run for run in runs} for runs in (mine, theirs))
    seeds = sorted(one.keys() & other.keys())
    return [trajectory(one[seed], clock) for seed in seeds], [trajectory(other[seed], clock) for seed in seeds]
