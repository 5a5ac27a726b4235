"""The two protocols of a race: what makes a run, and what carries runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sooner.racing.lanes import Cell, PlannedLane
from sooner.racing.store import Record
from sooner.training.loop import Look


class Runs(Protocol):
    """Makes the runs of a race: of recipes, of programs, of Python functions."""

    def environment(self) -> Mapping[str, Any]:
        """What must be the same when the race is resumed, as plain data."""
        ...

    def warm_up(self, lanes: Sequence[PlannedLane]) -> None:
        """Before the first run, so that it does not pay for what all later ones find ready."""
        ...

    def run(
        self,
        lane: PlannedLane,
        seed: int,
        *,
        saved: Path,
        on_look: Callable[[Look], None] = lambda look: None,
        on_step: Callable[[Callable[[], None]], None] = lambda save: None,
    ) -> Record:
        """Run `lane` with `seed` to its end, from the state at `saved` if there is one.

        `on_step` is called often, off the clock, with a function that saves the run to `saved` (and does nothing where
        a run cannot be saved). It may raise `sooner.training.loop.Stopped`, which passes through, all that the run
        has started ended before.

        Whatever befalls the run itself (it diverges, crashes, hangs, prints garbage) is a record too, with `stopped`
        saying so.
        """
        ...


class Watcher(Protocol):
    """Is told how a race goes on. Every method is called between steps, off the clock, in the race's own process.

    `looked` and `stepped` come only from runs made in that process.
    """

    def run_started(self, cell: Cell) -> None: ...
    def looked(self, look: Look) -> None: ...
    def stepped(self) -> None: ...
    def run_finished(self, record: Record) -> None: ...


class Engine(Protocol):
    """Carries out the runs of a race: in this process one after the other, or on many machines."""

    def environment(self) -> Mapping[str, Any]:
        """What must be the same when the race is resumed, as plain data."""
        ...

    def run(self, cells: Sequence[Cell], folder: Path, keep: Callable[[Record], None], watcher: Watcher) -> None:
        """Make all of `cells`, handing each record to `keep` as it ends.

        Raises KeyboardInterrupt after a clean stop: what was under way is saved below `folder` where it can be.
        """
        ...
