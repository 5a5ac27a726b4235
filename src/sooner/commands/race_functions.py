"""`sooner.race`: which of these functions reaches the target sooner?"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch

from sooner._text import require_visible
from sooner.commands import halted
from sooner.commands.progress import Progress
from sooner.commands.race_result import RaceResult
from sooner.commands.screen import Console
from sooner.errors import RecipeError, RunFailedError, StoreError
from sooner.racing import race as racing
from sooner.racing.amending import Amendment, Retry, amend
from sooner.racing.engines.local import LocalEngine
from sooner.racing.failure import Halt
from sooner.racing.functions.function import Function, Trainer
from sooner.racing.functions.runs import FunctionRuns
from sooner.racing.machine import describe as machine
from sooner.racing.plan.agenda import at_most
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan, plan_entries
from sooner.racing.record import RunRecord
from sooner.racing.store import NAME
from sooner.tasks import Task
from sooner.training.evaluation import Evaluation


def race(
    functions: Mapping[str, Trainer],
    *,
    target: float,
    pairs: int | None = None,
    metric: str = "metric",
    budget: float | None = None,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    progress: bool = True,
    keep_going: bool = False,
    retry: Retry | None = None,
) -> RaceResult:
    """Race Python functions to a target of their metric, side by side, seed by seed.

        def train(seed):
            ...
            for epoch in range(10):
                ...
                yield examples, lambda: accuracy(model, validation)

        result = sooner.race({"plain": train, "mine": train_mine}, target=0.93)
        print(result)
        result.plot("report.html")

    A function yields (examples, metric) from time to time, or calls `sooner.report`. The metric is a number, or a
    function that computes it, whose time does not count; higher is better. Lanes compare well only if they look at
    their metric equally often. A run that raises an exception, or ends without a metric, has failed: it stops the race.
    With `keep_going` it is censored, and the report says why.

    Before each run the global generators of Python, NumPy and PyTorch are seeded, alike for all lanes of a seed; they
    are put back after it.

    Args:
        functions: by the name of their lane, the baseline first. Called with the seed, or with seed and budget.
        target: of the metric.
        pairs: seeds, each run by every function. A verdict needs 6, with two lanes under test 7, with ten 10, as all
            lanes together may err in 5%; None for as many as it needs. More than the race in `folder` has are added to
            it; where a verdict could be seen already, intervals are then wider, which keeps false verdicts at 5%.
        metric: what it is called.
        budget: second argument of each function, if given; above 0.
        seed: of the first pair; pair k has seed + k.
        folder: where the race is kept as it goes on. The same call with the same folder goes on with a race that was
            interrupted, and gives the result of one that is over. None keeps nothing.
        progress: show how it goes on stdout.
        keep_going: go on after a run that failed, and take metrics as they are that look like a percentage of the
            target, or a share of it.
        retry: "failed" repeats the runs in `folder` that raised or gave no metric, also with functions that were mended
            since; what failed, and what changed, is in the results. Runs that diverged or missed the target are
            results, and stay.

    Returns:
        Its results.

    Raises:
        RecipeError: a function cannot be called so, or a number makes no sense.
        StoreError: the folder cannot be written, or holds another race, or one of more pairs.
        RunFailedError: a run failed. Its `result` is what had ended; the same call goes on with the other runs of a
            race that has a folder.
        KeyboardInterrupt: Ctrl-C, at the next yield or report. Finished runs are in the folder.
    """
    if not isinstance(functions, Mapping):
        raise RecipeError(f"race needs its functions by name, {{'plain': train, ...}}, not {type(functions).__name__}")
    if not math.isfinite(target):
        raise RecipeError(f"the target must be a finite number, not {target}")
    try:
        require_visible("the metric's name", metric)
    except ValueError as error:
        raise RecipeError(str(error)) from None
    device = machine.pick_device()
    runs = FunctionRuns(functions, device=str(device), target=None if keep_going else target)
    plan = plan_entries(
        Task(name="functions", data="", target=target, recipe={}, metric=metric),
        [Function.of(name, train, None if budget is None else str(budget)) for name, train in functions.items()],
        pairs=pairs,
        seed=seed,
        threads=torch.get_num_threads(),
        environment=runs.environment(),
    )
    plan = replace(plan, device=str(device))
    kept = tempfile.TemporaryDirectory(prefix="sooner-") if folder is None else nullcontext(folder)
    with kept as place:
        try:
            return _run(Path(place), plan, LocalEngine(runs), progress, keep_going, Amendment(retry, pairs))
        except Halt as halt:
            raise _failure(halt, Path(place), kept=folder is not None) from None


def _run(
    folder: Path, plan: Plan, engine: LocalEngine, progress: bool, keep_going: bool, asked: Amendment
) -> RaceResult:
    if not (folder / NAME).exists():
        racing.start(folder, plan)
    else:
        if _question(racing.load_plan(folder)) != _question(plan):
            raise StoreError(f"{folder} holds another race, with other lanes, target or seeds; choose another folder")
        plan = amend(folder, asked, engine.environment()).plan
    if progress:
        work = {run.lane.name: 1.0 for run in at_most(plan)}
        with Progress(plan, work, racing.finished(folder), Console()) as watcher:
            racing.run(folder, engine, watcher, keep_going=keep_going)
    else:
        racing.run(folder, engine, _Silent(), keep_going=keep_going)
    return RaceResult(racing.results(folder))


def _question(plan: Plan) -> Plan:
    """What must be the same for a race to go on: all but where it runs, how many pairs, and what is said of lanes."""
    entries = [Function.from_dict({**lane.entry.to_dict(), "summary": ""}) for lane in plan.lanes]
    lanes = tuple(replace(lane, entry=entry) for lane, entry in zip(plan.lanes, entries, strict=True))
    return replace(plan, lanes=lanes, environment={}, pairs=1, looked=())


def _failure(halt: Halt, folder: Path, *, kept: bool) -> RunFailedError:
    repeat = "once it is mended, the same call with retry='failed' repeats it, and without goes on with the others; "
    failure = RunFailedError(
        f"{halted.told(halt)}\nWhat had ended is the `result` of this error"
        + (f", and kept in {folder}: {repeat}" if kept else "; ")
        + "keep_going=True does not stop"
    )
    failure.result = RaceResult(racing.results(folder))
    return failure


class _Silent:
    """A watcher that shows nothing."""

    def run_started(self, run: PlannedRun) -> None:
        pass

    def looked(self, look: Evaluation) -> None:
        pass

    def stepped(self) -> None:
        pass

    def run_finished(self, record: RunRecord) -> None:
        pass
