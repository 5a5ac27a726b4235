"""Several watchers of a race as one."""

from __future__ import annotations

from sooner.racing._base import Watcher
from sooner.racing.lanes import Cell
from sooner.racing.store import Record
from sooner.training.loop import Look


class Together:
    """Tells each of `watchers` in turn."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def run_started(self, cell: Cell) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.run_started(cell)

    def looked(self, look: Look) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.looked(look)

    def stepped(self) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.stepped()

    def run_finished(self, record: Record) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.run_finished(record)
