"""Trackers: a race's runs in TensorBoard, MLflow and Weights & Biases, beside its own store, which stays the truth."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Self

from sooner import files
from sooner._extras import pip_install
from sooner._names import closest
from sooner.errors import SoonerError, StoreError
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import tuned
from sooner.racing.record import RunRecord
from sooner.racing.trackers._base import Race, Sink, Wording
from sooner.racing.trackers._ledger import Ledger
from sooner.racing.trackers._tracker import Tracker
from sooner.racing.trackers.mlflow import MLflow
from sooner.racing.trackers.tensorboard import TensorBoard
from sooner.racing.trackers.wandb import WandB
from sooner.results.records import Results
from sooner.training.evaluation import Evaluation

__all__ = ["NAMES", "Race", "Sink", "Tracker", "Trackers", "Wording", "check", "make"]

_SINKS: dict[str, type[MLflow] | type[TensorBoard] | type[WandB]] = {
    "tensorboard": TensorBoard,
    "mlflow": MLflow,
    "wandb": WandB,
}
NAMES = tuple(_SINKS)
_log = logging.getLogger(__name__)


class Trackers:
    """All trackers of a race as one watcher of it; `close` it, or use it in a `with`."""

    def __init__(self, trackers: Sequence[Tracker] = ()) -> None:
        self._trackers = tuple(trackers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run_started(self, run: PlannedRun) -> None:
        """A run begins."""
        for tracker in self._trackers:
            tracker.run_started(run)

    def looked(self, look: Evaluation) -> None:
        """Write a look of the run under way."""
        for tracker in self._trackers:
            tracker.looked(look)

    def stepped(self) -> None:
        """Nothing is written between looks."""

    def run_finished(self, record: RunRecord) -> None:
        """Write what is missing of a run that has ended."""
        for tracker in self._trackers:
            tracker.run_finished(record)

    def race_finished(self, results: Results, wording: Wording) -> None:
        """Write the verdicts, in the words of `wording`."""
        for tracker in self._trackers:
            tracker.race_finished(results, wording)

    def close(self) -> None:
        """Finish writing."""
        for tracker in self._trackers:
            tracker.close()


def check(names: Iterable[str]) -> None:
    """Raises SoonerError for a tracker that is unknown, or whose package is not installed. Imports none of them."""
    for name in names:
        if name not in _SINKS:
            raise SoonerError(f"there is no tracker '{name}'; {closest(name, NAMES)}")
        missing = [package for package in _SINKS[name].packages() if not _installed(package)]
        if missing:
            raise SoonerError(
                f"to track a race with {name} {' and '.join(missing)} must be installed: {pip_install(name)}"
            )


def _installed(package: str) -> bool:
    spec = util.find_spec(package)
    # A folder of that name where Python was started, such as wandb's own, passes for a package without an origin.
    return spec is not None and spec.origin is not None


def make(
    names: Iterable[str],
    folder: Path,
    plan: Plan,
    *,
    done: Sequence[RunRecord] = (),
    warn: Callable[[str], None] = _log.warning,
) -> Trackers:
    """The trackers `names` of the race in `folder`.

    Imports their packages, and for MLflow makes its database, which takes seconds: call it before the first run. Of the
    runs in `done` each tracker writes those that it does not hold yet.

    Args:
        names: of `NAMES`; given twice counts once.
        folder: of the race; it exists.
        plan: of the race.
        done: runs that have ended already, when the race is resumed.
        warn: called once for each tracker that fails; the race goes on without them.

    Raises:
        SoonerError: as of `check`, and where a link lies in `folder` that a tracker would write through.
    """
    names = list(dict.fromkeys(names))
    check(names)
    for path in (folder / part for name in names for part in (name, f"{name}.db")):
        if path.is_symlink():
            raise StoreError(f"{path} is {files.unusual(path)}, through which a tracker would write; remove it")
    if plan.rules.tune:  # what is written of runs that have ended is what they ran
        plan = replace(plan, lanes=tuple(tuned(plan, done).values()))
    ledger = Ledger(folder)
    race = Race(folder, plan.task.name, plan.task.metric, ledger.race)

    def tracker(name: str) -> Tracker:
        return Tracker(name, lambda: _SINKS[name](race), plan, ledger, warn)

    trackers = Trackers([tracker(name) for name in names])
    for record in done:
        trackers.run_finished(record)
    return trackers
