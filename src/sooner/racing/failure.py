"""What ends a race early: a run that failed, or one whose metric is not on the target's scale."""

from __future__ import annotations

from collections.abc import Callable

from sooner.racing import scale
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.record import RunRecord
from sooner.results.notices import Notice, ScaleDoubted
from sooner.training.evaluation import Evaluation


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
        if not self._silent and (record.failed or doubt is not None):
            self._silent = True
            raise Halt(record, None if record.failed else doubt)
