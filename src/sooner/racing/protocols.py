"""The two protocols of a race: what makes a run, and what carries runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.record import RunRecord
from sooner.training.evaluation import Evaluation


class Runs(Protocol):
    """Makes the runs of a race: of recipes, of programs, of Python functions."""

    def environment(self) -> Mapping[str, Any]:
        """What must be the same when the race is resumed, as plain data."""
        ...

    def warm_up(self, lanes: Sequence[PlannedLane]) -> None:
        """Prepare what later runs would find ready, so that the first one does not pay for it."""
        ...

    def run(
        self,
        lane: PlannedLane,
        seed: int,
        *,
        saved: Path,
        on_look: Callable[[Evaluation], None] = lambda look: None,
        on_step: Callable[[Callable[[], None]], None] = lambda save: None,
    ) -> RunRecord:
        """Run `lane` with `seed` to its end, from the state at `saved` if there is one.

        `on_step` is called often, off the clock, with a function that saves the run to `saved` (and does nothing where
        a run cannot be saved). It may raise `sooner.training.evaluation.Stopped`, which passes through once all that
        the run has started has ended.

        A run that diverges, crashes, hangs or prints garbage is a record too, whose `stopped` says so.
        """
        ...


class Watcher(Protocol):
    """Follows a race. Every method is called between steps, off the clock, in the race's own process.

    `looked` comes only from runs made in that process; so does `stepped` for them, and now and then for others.
    """

    def run_started(self, run: PlannedRun) -> None: ...
    def looked(self, look: Evaluation) -> None: ...
    def stepped(self) -> None: ...
    def run_finished(self, record: RunRecord) -> None: ...


class Together:
    """Passes everything on to each of `watchers` in turn."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def run_started(self, run: PlannedRun) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.run_started(run)

    def looked(self, look: Evaluation) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.looked(look)

    def stepped(self) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.stepped()

    def run_finished(self, record: RunRecord) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.run_finished(record)


class Engine(Protocol):
    """Carries out the runs of a race: in this process one after the other, or on many machines."""

    def environment(self) -> Mapping[str, Any]:
        """What must be the same when the race is resumed, as plain data."""
        ...

    def run(
        self, planned: Sequence[PlannedRun], folder: Path, keep: Callable[[RunRecord], None], watcher: Watcher
    ) -> None:
        """Make all runs `planned`, handing each record to `keep` as it ends.

        Raises KeyboardInterrupt after a clean stop: what was under way is saved below `folder` where it can be. What
        `watcher` raises when a run has finished passes through after such a stop.
        """
        ...
