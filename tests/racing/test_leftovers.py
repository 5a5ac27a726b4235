"""Threads and processes that outlive the run that started them."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from sooner.racing.leftovers import Leftovers
from sooner.racing.plan.lanes import PlannedRun
from sooner.results.notices import Notice
from sooner.results.suspicions import StillComputing
from tests.racing import made

PLANNED = made.plan("lane", pairs=2)
LANE, BASELINE = (PlannedRun(lane, 0) for lane in (PLANNED.lanes[1], PLANNED.lanes[0]))
BURN = "while True: pass"


class Started:
    """What a test starts, ended with it."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.threads: list[threading.Thread] = []

    def thread(self, work: Callable[[], object]) -> None:
        self.threads.append(threading.Thread(target=work, name="left", daemon=True))
        self.threads[-1].start()

    def process(self, code: str) -> None:
        self.processes.append(subprocess.Popen([sys.executable, "-c", code]))

    def burn(self) -> None:
        while not self.over.is_set():
            pass


@pytest.fixture
def started() -> Iterator[Started]:
    made = Started()
    yield made
    made.over.set()
    for process in made.processes:
        process.kill()
        process.wait()
    for thread in made.threads:
        thread.join()


def race(during: Callable[[], object], *, then: float = 0.3) -> list[Notice]:
    """What is noted of a run of the lane that does this, and of one of the baseline that lasts `then` seconds."""
    told: list[Notice] = []
    watcher = Leftovers(told.append)
    for run, work in ((LANE, during), (BASELINE, lambda: time.sleep(then))):
        watcher.run_started(run)
        work()
        watcher.run_finished(made.record(run.lane.name, run.seed, 1.0))
    return told


def test_a_thread_that_computes_on_is_told_with_its_lane(started: Started) -> None:
    (told,) = race(lambda: started.thread(started.burn))
    assert isinstance(told, StillComputing)
    assert (told.lane, told.what, told.name) == ("lane", "thread", "left")
    assert 0.1 <= told.share <= 1.1


def test_a_process_that_computes_on_is_told(started: Started) -> None:
    def begin() -> None:
        started.process(BURN)
        time.sleep(0.2)  # it begins to compute within the run

    (told,) = race(begin, then=0.5)
    assert isinstance(told, StillComputing)
    assert (told.lane, told.what) == ("lane", "process")
    assert "python" in told.name


def test_what_waits_for_work_is_not_told(started: Started) -> None:
    def begin() -> None:
        started.thread(started.over.wait)
        started.process("import time; time.sleep(60)")
        time.sleep(0.3)  # it takes some computing to begin

    assert race(begin) == []


def test_what_was_there_before_is_no_lanes(started: Started) -> None:
    started.thread(started.burn)
    assert race(lambda: None) == []


def test_what_ends_with_its_run_is_not_told() -> None:
    def begin() -> None:
        over = Started()
        over.thread(over.burn)
        over.over.set()
        over.threads[0].join()

    assert race(begin) == []


def test_a_lane_is_told_of_once(started: Started) -> None:
    told: list[Notice] = []
    watcher = Leftovers(told.append)
    for run in (LANE, BASELINE, LANE, BASELINE):
        watcher.run_started(run)
        if run is LANE:
            started.thread(started.burn)
        else:
            time.sleep(0.3)
        watcher.run_finished(made.record(run.lane.name, run.seed, 1.0))
    assert len(told) == 1
