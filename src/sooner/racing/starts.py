"""How often each run was begun: one that was interrupted and begun again is no other draw than the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.record import RunRecord
from sooner.racing.store import Store
from sooner.training.evaluation import Evaluation

STARTS = "starts"  # its key in the store


class Starts:
    """A watcher that counts, in the store, how often runs that have not ended were begun.

    A run that goes on from a checkpoint counts that itself. One that cannot, as a Python function, or that was killed
    before its first save, begins again from its start, and only this knows.

    Args:
        store: of the race.
        ended: the runs that it has; their counts are forgotten.
    """

    def __init__(self, store: Store, ended: Iterable[RunRecord]) -> None:
        self._store = store
        over = {_key(record.lane, record.seed) for record in ended}
        with store.sound():
            known = store.mapping(STARTS)
            if not all(isinstance(count, int) for count in known.values()):
                raise TypeError(f"'{STARTS}' holds something else than counts")
        self._counts = {key: count for key, count in known.items() if key not in over}
        self._under_way: list[str] = []

    def run_started(self, run: PlannedRun) -> None:
        """See `Watcher`. On disk when it returns."""
        key = _key(run.lane.name, run.seed)
        self._counts[key] = self._counts.get(key, 0) + 1
        self._under_way.append(key)
        self._store.put(STARTS, self._counts)

    def refused(self) -> None:
        """Take back the start of what is under way: the race would not go on with it, as where its save is damaged."""
        for key in self._under_way:
            self._counts[key] -= 1
        self._under_way.clear()
        self._store.put(STARTS, self._counts)

    def looked(self, look: Evaluation) -> None:
        """See `Watcher`."""

    def stepped(self) -> None:
        """See `Watcher`."""

    def run_finished(self, record: RunRecord) -> None:
        """See `Watcher`."""

    def counted(self, record: RunRecord) -> RunRecord:
        """The record with the times that it was begun again, those that it knows of itself included."""
        again = self._counts.get(_key(record.lane, record.seed), 1) - 1
        return replace(record, resumed=max(record.resumed, again))

    def ended(self, record: RunRecord) -> None:
        """Forget the counts of a run that is in the store."""
        key = _key(record.lane, record.seed)
        self._counts.pop(key, None)
        self._under_way = [other for other in self._under_way if other != key]
        self._store.put(STARTS, self._counts)


def _key(lane: str, seed: int) -> str:
    return f"{lane} {seed}"
