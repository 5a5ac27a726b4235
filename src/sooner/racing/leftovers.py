"""Threads and processes that a run leaves computing: off its own clock, and on that of every run after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.record import RunRecord
from sooner.results.notices import Notice
from sooner.results.suspicions import Left, StillComputing
from sooner.training.evaluation import Evaluation

_SHARE = 0.1  # of a core, since the run ended, before a word is said: what waits for work takes next to nothing
_SECONDS = 0.05  # of computing: the system counts them in hundredths

_Key = tuple[Left, int]  # a thread or a process by the system's number for it


@dataclass(frozen=True)
class _Alive:
    """A thread or a process that is there: its name, and the seconds that it has computed."""

    name: str
    computed: float


@dataclass(frozen=True)
class _LeftOver:
    """One that began with a run of `lane` and was there when that had ended, at `moment`."""

    lane: str
    computed: float
    moment: float


class Leftovers:
    """A watcher that notes lanes whose threads, or processes, compute on after their runs, once each.

    It sees those of this process: none of runs that are made elsewhere, and those of programs are ended with them.
    Looking costs some milliseconds before and after each run.

    Args:
        note: keeps a notice for the report.
    """

    def __init__(self, note: Callable[[Notice], None]) -> None:
        self._note = note
        self._before: set[_Key] = set()
        self._left: dict[_Key, _LeftOver] = {}
        self._told: set[str] = set()

    def run_started(self, run: PlannedRun) -> None:
        """See `Watcher`."""
        alive = _alive()
        self._tell(alive)
        self._before = set(alive)

    def looked(self, look: Evaluation) -> None:
        """See `Watcher`."""

    def stepped(self) -> None:
        """See `Watcher`."""

    def run_finished(self, record: RunRecord) -> None:
        """See `Watcher`."""
        alive, now = _alive(), time.monotonic()
        self._tell(alive)
        for key in alive.keys() - self._before:
            self._left[key] = _LeftOver(record.lane, alive[key].computed, now)

    def _tell(self, alive: Mapping[_Key, _Alive]) -> None:
        now = time.monotonic()
        self._left = {key: left for key, left in self._left.items() if key in alive}
        for (kind, _), left, found in ((key, left, alive[key]) for key, left in self._left.items()):
            computed = found.computed - left.computed
            if left.lane not in self._told and computed >= max(_SECONDS, _SHARE * (now - left.moment)):
                self._told.add(left.lane)
                self._note(StillComputing(left.lane, kind, found.name, computed / max(now - left.moment, computed)))


def _alive() -> dict[_Key, _Alive]:
    """Python's threads of this process, and the processes that descend from it."""
    found: dict[_Key, _Alive] = {}
    try:
        process = psutil.Process()
        computed = {each.id: each.user_time + each.system_time for each in process.threads()}
        children = process.children(recursive=True)
    except psutil.Error:  # not for us to see
        return found
    for thread in threading.enumerate():
        if thread.native_id in computed:
            found["thread", thread.native_id] = _Alive(thread.name, computed[thread.native_id])
    for child in children:
        try:
            times = child.cpu_times()
            found["process", child.pid] = _Alive(child.name(), times.user + times.system)
        except psutil.Error:  # it has just ended
            continue
    return found
