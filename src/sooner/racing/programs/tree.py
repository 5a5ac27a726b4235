"""A program's processes: all that it started, detached ones included."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil

from sooner._report import VARIABLE

_GRACE = 3.0  # seconds between asking a process to end and killing it
_PASSES = 5  # a process that starts others while it is ended is looked for again
_EVERY = 1.0  # seconds between samples of memory
_SHARE = 0.01  # of one core that sampling may use


class Tree:
    """The process `root`, just started, and all that descends from it.

    A process that left the family (a daemon, whose parent is gone) is recognised by its environment: `mark` is the
    value of SOONER_REPORT there, which no other run has.
    """

    def __init__(self, root: int, mark: str) -> None:
        self._root = psutil.Process(root)  # now: its number may be another's later, which this would notice
        self._mark = mark
        self._began = self._next = time.monotonic()
        self.peak = 0  # bytes: the most resident memory that a sample found, pages shared by two counted twice

    def sample(self) -> None:
        """Look at the memory in use: at the start often, then once a second, less where there are many processes."""
        began = time.monotonic()
        if began < self._next:
            return
        total = 0
        for process in self._family():
            with suppress(psutil.Error):
                total += process.memory_info().rss
        self.peak = max(self.peak, total)
        now = time.monotonic()
        self._next = now + max(min(_EVERY, now - self._began), (now - began) / _SHARE)

    def end(self) -> None:
        """End every process: ask first, and after three seconds, or when interrupted here, no longer ask."""
        for _ in range(_PASSES):
            processes = [*self._family(), *self._strays()]
            if not processes:
                return
            with _killed_at_last(processes):
                for process in processes:
                    with suppress(psutil.Error):
                        process.terminate()
                _wait(processes)
            _wait(processes)

    def _family(self) -> list[psutil.Process]:
        try:
            return [process for process in (self._root, *self._root.children(recursive=True)) if _alive(process)]
        except psutil.Error:
            return []

    def _strays(self) -> list[psutil.Process]:
        strays = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(VARIABLE) == self._mark and _alive(process):
                    strays.append(process)
        return strays


@contextmanager
def _killed_at_last(processes: Sequence[psutil.Process]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.Error):
                process.kill()


def _wait(processes: Sequence[psutil.Process]) -> None:
    # psutil's own wait would take the exit status away from the code that started the process.
    until = time.monotonic() + _GRACE
    while time.monotonic() < until and any(_alive(process) for process in processes):
        time.sleep(0.01)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
