"""A tracker: watches a race and writes its runs into a sink, each once, without ever holding the race up."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord
from sooner.racing.trackers import _content
from sooner.racing.trackers._base import Sink, Value, Wording
from sooner.racing.trackers._ledger import Ledger
from sooner.racing.trackers._worker import Worker
from sooner.results.records import Results
from sooner.training.evaluation import Evaluation

SUMMARY = "race/verdicts"  # no run has this name: theirs end in seed-N

# How long a race waits for a tracker in all: this many seconds, and this share of the time that it has run.
_SECONDS = 60.0
_SHARE = 0.1
_EVERY = 1.0  # seconds between writes of looks: more often serves nobody who watches, and costs the race


class Tracker:
    """Writes one tracker run per run of the race, LANE/seed-N, and one with the verdicts.

    The sink works in a thread of its own while the race waits, off the clock, so that it takes no time from training.
    One that fails, or takes longer than a minute and a tenth of the race's time in all, is dropped with a warning.

    Looks are written while a run goes on, once a second at most. When it ends it is compared with its record, and
    written again where they differ: where it was resumed, or made on another machine.

    Args:
        name: of the tracker.
        open_sink: makes its sink.
        plan: of the race.
        ledger: of the race.
        warn: called once, if the tracker is dropped.
    """

    def __init__(
        self, name: str, open_sink: Callable[[], Sink], plan: Plan, ledger: Ledger, warn: Callable[[str], None]
    ) -> None:
        self._name = name
        self._plan = plan
        self._ledger = ledger
        self._warn = warn
        self._worker: Worker | None = Worker(f"sooner-{name}")
        self._began, self._waited = monotonic(), 0.0
        self._params: dict[str, dict[str, Value]] = {}
        self._run: tuple[str, int] | None = None
        self._looks: list[Evaluation] = []  # of the run under way
        self._written = 0  # how many of them
        self._written_at = 0.0

        def begin() -> None:
            ledger.save()
            self._sink = open_sink()

        self._do(begin)

    def run_started(self, run: PlannedRun) -> None:
        """A run begins."""
        self._params[run.lane.name] = _content.params(run.lane)
        self._run = (run.lane.name, run.seed)
        self._looks, self._written, self._written_at = [], 0, monotonic()

    def looked(self, look: Evaluation) -> None:
        """Write the looks of the run under way, unless that was done just now."""
        if self._run is None:
            return
        self._looks.append(look)
        if monotonic() - self._written_at < _EVERY:
            return
        (lane, seed), looks, written = self._run, list(self._looks), self._written
        self._written = len(looks)

        def write() -> None:
            if not written:
                self._begin(lane, seed)
            self._sink.log(looks[written:])

        self._do(write)
        self._written_at = monotonic()

    def stepped(self) -> None:
        """Nothing is written between looks."""

    def run_finished(self, record: RunRecord) -> None:
        """Write what is missing of a run that has ended, unless it was written whole before."""
        written = self._looks[: self._written] if self._run == (record.lane, record.seed) else []
        self._run = None
        if self._ledger.holds(self._name, record):
            return

        def write() -> None:
            missing = record.looks[len(written) :]
            if not written or record.looks[: len(written)] != written:
                self._begin(record.lane, record.seed)
                missing = record.looks
            if missing:
                self._sink.log(missing)
            self._sink.end(_content.outcome(record, self._plan), _content.notes(record))
            self._ledger.add(self._name, record)

        self._do(write)

    def race_finished(self, results: Results, wording: Wording) -> None:
        """Write the verdicts, in place of earlier ones, in the words of `wording`."""

        def write() -> None:
            self._sink.begin(SUMMARY, _content.race_params(results))
            self._sink.end(*_content.verdicts(results, wording))

        self._do(write)

    def close(self) -> None:
        """Finish writing. Nothing can be written afterwards."""
        self._do(lambda: self._sink.close())
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _begin(self, lane: str, seed: int) -> None:
        if lane not in self._params:
            planned = _content.lane_of(self._plan, lane)
            self._params[lane] = _content.params(planned) if planned else {"lane": lane}
        self._sink.begin(f"{lane}/seed-{seed}", {**self._params[lane], "seed": seed})

    def _do(self, action: Callable[[], None]) -> None:
        if self._worker is None:
            return
        before = monotonic()
        left = _SECONDS + _SHARE * (before - self._began) - self._waited
        try:
            self._worker.call(action, max(0.0, left))
        except TimeoutError as error:
            self._drop(str(error) or "it was too slow")
        except Exception as error:
            self._drop(f"{type(error).__name__}: {error}")
        self._waited += monotonic() - before

    def _drop(self, reason: str) -> None:
        assert self._worker is not None
        self._worker.begin(lambda: self._sink.close())
        self._worker.stop()
        self._worker = None
        self._warn(
            f"{self._name} gets no more of this race: {reason}. The race goes on, and its folder holds all of it; "
            f"what is missing in {self._name} is written when the race is resumed with --track {self._name}"
        )
