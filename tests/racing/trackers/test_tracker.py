import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.trackers import Sink, Tracker, _tracker
from sooner.racing.trackers._base import Value
from sooner.racing.trackers._ledger import Ledger
from sooner.training.evaluation import Evaluation
from tests.clock_by_hand import Hand
from tests.racing.trackers.conftest import WORDING, looks, record
from tests.reporting.races import race


class Notebook:
    """A sink that keeps what it is told, and fails at the look at `fails_at` examples."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.runs: dict[str, list[Evaluation]] = {}
        self.ended: list[str] = []
        self.closed = threading.Event()
        self.threads: set[str] = set()
        self.fails_at = fails_at
        self._open: str | None = None

    @staticmethod
    def packages() -> tuple[str, ...]:
        return ()

    def begin(self, name: str, params: Mapping[str, Value]) -> None:
        self._open = name
        self.runs[name] = []
        self.threads.add(threading.current_thread().name)

    def log(self, looks: Sequence[Evaluation]) -> None:
        assert self._open is not None
        if any(look.examples == self.fails_at for look in looks):
            raise OSError(28, "No space left on device")
        self.runs[self._open] += looks

    def end(self, metrics: Mapping[str, float], notes: Mapping[str, str]) -> None:
        assert self._open is not None
        self.ended.append(self._open)
        self._open = None

    def close(self) -> None:
        self.closed.set()


def _tracked(sink: Sink, folder: Path, plan: Plan) -> tuple[Tracker, list[str]]:
    warned: list[str] = []
    return Tracker("notebook", lambda: sink, plan, Ledger(folder), warned.append), warned


def test_what_was_logged_live_is_not_logged_again_at_the_end(tmp_path: Path, plan: Plan) -> None:
    sink, found = Notebook(), looks(0.1, 0.2, 0.3)
    tracker, _ = _tracked(sink, tmp_path, plan)
    tracker.run_started(PlannedRun(plan.lanes[0], 4))
    tracker.looked(found[0])
    tracker.stepped()
    tracker.looked(found[1])
    tracker.run_finished(record("baseline", 4, found))
    assert sink.runs == {"baseline/seed-4": found}
    assert sink.ended == ["baseline/seed-4"]
    assert sink.threads == {"sooner-notebook"}


def test_a_resumed_run_has_all_its_looks_once(tmp_path: Path, plan: Plan) -> None:
    sink, found = Notebook(), looks(0.1, 0.2, 0.3)
    tracker, _ = _tracked(sink, tmp_path, plan)
    tracker.run_started(PlannedRun(plan.lanes[0], 0))
    tracker.looked(found[2])
    assert sink.runs == {"baseline/seed-0": [found[2]]}
    tracker.run_finished(record("baseline", 0, found, resumed=1))
    assert sink.runs == {"baseline/seed-0": found}


def test_looks_in_quick_succession_are_written_together(
    tmp_path: Path, plan: Plan, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.moves("racing.trackers._tracker")
    monkeypatch.setattr(_tracker, "_EVERY", 1.0)
    sink, found = Notebook(), looks(0.1, 0.2, 0.3, 0.4)
    tracker, _ = _tracked(sink, tmp_path, plan)
    tracker.run_started(PlannedRun(plan.lanes[0], 0))
    hand.sleep(0.9)
    tracker.looked(found[0])
    assert not sink.runs
    hand.sleep(0.1)
    tracker.looked(found[1])
    assert sink.runs == {"baseline/seed-0": found[:2]}
    tracker.looked(found[2])
    assert sink.runs == {"baseline/seed-0": found[:2]}
    tracker.run_finished(record("baseline", 0, found))
    assert sink.runs == {"baseline/seed-0": found}


def test_runs_from_other_machines_arrive_whole_in_any_order(tmp_path: Path, plan: Plan) -> None:
    sink = Notebook()
    tracker, _ = _tracked(sink, tmp_path, plan)
    for lane in plan.lanes:
        tracker.run_started(PlannedRun(lane, 0))
    tracker.run_finished(record("baseline", 0, looks(0.1, 0.2)))
    tracker.run_finished(record("rs2-10", 0, looks(0.3, 0.4)))
    assert sink.runs == {"baseline/seed-0": looks(0.1, 0.2), "rs2-10/seed-0": looks(0.3, 0.4)}


def test_a_run_that_was_never_looked_at_is_written_too(tmp_path: Path, plan: Plan) -> None:
    sink = Notebook()
    tracker, _ = _tracked(sink, tmp_path, plan)
    tracker.run_finished(record("baseline", 0, [], test_metric=None, stopped="out of memory on cpu"))
    assert sink.ended == ["baseline/seed-0"]


def test_a_resumed_race_does_not_write_its_finished_runs_again(tmp_path: Path, plan: Plan) -> None:
    tracker, _ = _tracked(Notebook(), tmp_path, plan)
    tracker.run_finished(record("baseline", 0, looks(0.1)))
    tracker.close()
    again = Notebook()
    tracker, _ = _tracked(again, tmp_path, plan)
    for seed in (0, 1):
        tracker.run_finished(record("baseline", seed, looks(0.1)))
    assert again.ended == ["baseline/seed-1"]


def test_a_tracker_that_fails_warns_once_and_is_dropped(tmp_path: Path, plan: Plan) -> None:
    sink = Notebook(fails_at=100)
    tracker, warned = _tracked(sink, tmp_path, plan)
    tracker.run_started(PlannedRun(plan.lanes[0], 0))
    for look in looks(0.1, 0.2, 0.3):
        tracker.looked(look)
    tracker.run_finished(record("baseline", 0, looks(0.1, 0.2, 0.3)))
    tracker.race_finished(race([]), WORDING)
    tracker.close()
    assert sink.closed.wait(60)
    assert sink.runs == {"baseline/seed-0": looks(0.1)}
    [warning] = warned
    assert "No space left on device" in warning
    assert "--track notebook" in warning
    assert not Ledger(tmp_path).holds("notebook", record("baseline", 0, []))


def test_a_tracker_that_cannot_start_is_dropped_even_where_it_exits(tmp_path: Path, plan: Plan) -> None:
    warned: list[str] = []

    def broken() -> Sink:
        raise SystemExit("please log in")

    tracker = Tracker("notebook", broken, plan, Ledger(tmp_path), warned.append)
    tracker.run_finished(record("baseline", 0, looks(0.1)))
    tracker.close()
    assert len(warned) == 1
    assert "please log in" in warned[0]


def test_a_tracker_that_hangs_holds_the_race_up_only_so_long(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tracker, "_SECONDS", 0.2)
    monkeypatch.setattr(_tracker, "_SHARE", 0.0)
    answers = threading.Event()

    class Hanging(Notebook):
        def log(self, looks: Sequence[Evaluation]) -> None:
            answers.wait()

    sink = Hanging()
    tracker, warned = _tracked(sink, tmp_path, plan)
    tracker.run_finished(record("baseline", 0, looks(0.1)))
    tracker.run_finished(record("baseline", 1, looks(0.1)))
    tracker.close()
    assert not answers.is_set()  # nobody waited for the answer
    assert len(warned) == 1
    assert "too slow" in warned[0]
    answers.set()
    assert sink.closed.wait(60)


def test_waiting_adds_up(tmp_path: Path, plan: Plan, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.moves("racing.trackers._tracker")
    patience: list[float] = []

    class SlowWorker:
        """Takes 15 s for whatever it is asked to do, a tenth of which is added to what a race waits in all."""

        def __init__(self, name: str) -> None: ...

        def call(self, action: Callable[[], None], timeout: float) -> None:
            patience.append(timeout)
            if timeout < 15.0:
                raise TimeoutError
            hand.sleep(15.0)
            action()

        def begin(self, action: Callable[[], None]) -> None:
            action()

        def stop(self) -> None: ...

    monkeypatch.setattr(_tracker, "Worker", SlowWorker)
    sink = Notebook()
    tracker, warned = _tracked(sink, tmp_path, plan)
    for seed in range(20):
        tracker.run_finished(record("baseline", seed, looks(0.1)))
    assert patience == [60.0, 46.5, 33.0, 19.5, 6.0]
    assert sink.ended == ["baseline/seed-0", "baseline/seed-1", "baseline/seed-2"]
    assert len(warned) == 1
    assert "too slow" in warned[0]
    assert sink.closed.is_set()
