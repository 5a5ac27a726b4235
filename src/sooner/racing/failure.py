"""Runs that failed: they crashed, hung or gave no metric, and say nothing of how their lane trains."""

from __future__ import annotations

from collections.abc import Callable

from sooner.racing import scale
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.record import RunRecord
from sooner.results.notices import Notice, ScaleDoubted
from sooner.training.evaluation import Evaluation

# How the reasons begin for which a run that trained as it was told to broke off. Stores know a run's reason as text.
_RESULTS = ("the loss ", "nothing was trained on", "its last metric was ")


def failed(record: RunRecord) -> bool:
    """Whether a run failed: it crashed, was ended, or gave no metric.

    A run that diverged, screened out all its examples or missed the target is a result, and has not failed.
    """
    return record.stopped is not None and not record.stopped.startswith(_RESULTS)


class Halt(Exception):
    """A race must not go on before someone has looked at `record`, which is kept.

    Attributes:
        record: the run that failed, or whose scale is in doubt.
        doubt: what is doubted of a run that has not failed.
    """

    def __init__(self, record: RunRecord, doubt: ScaleDoubted | None) -> None:
        super().__init__(record.stopped or "")
        self.record = record
        self.doubt = doubt


class Sentry:
    """A watcher that ends the race, by raising `Halt`, after a run that failed or whose scale is in doubt.

    It does so once: runs under way meanwhile may fail, too, while they are wound up.

    Args:
        target: of the race.
        note: keeps a notice for the report.
        keep_going: never end the race.
    """

    def __init__(self, target: float, note: Callable[[Notice], None], *, keep_going: bool) -> None:
        self._target = target
        self._note = note
        self._silent = keep_going
        self._noted = False

    def run_started(self, run: PlannedRun) -> None:
        """See `Watcher`."""

    def looked(self, look: Evaluation) -> None:
        """See `Watcher`."""

    def stepped(self) -> None:
        """See `Watcher`."""

    def run_finished(self, record: RunRecord) -> None:
        """See `Watcher`. Raises Halt."""
        doubt = scale.doubt(record.lane, record.looks, self._target)
        if doubt is not None and not self._noted:
            self._noted = True
            self._note(doubt)
        if not self._silent and (failed(record) or doubt is not None):
            self._silent = True
            raise Halt(record, None if failed(record) else doubt)
