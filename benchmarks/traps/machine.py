"""A machine whose time passes only where a lane lets it pass, so that a trap is the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

# What reads the clock of a run, or of what a race times besides.
_READERS = ("sooner.training.clock.perf_counter", "sooner.racing.machine.reference.perf_counter")
_WORKLOAD = "sooner.racing.machine.reference.timed"  # what a race times to see how fast the machine is
_TAKES = 0.005  # seconds on a quiet machine


class Machine:
    """Stands in for Python's `time` where a race reads it; a lane may replace what it has, as it may there.

    Attributes:
        now: seconds.
        slow: by what factor other work slows the machine down at present; 1 on a quiet one.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.slow = 1.0

    def work(self, seconds: float) -> None:
        """Compute what takes so long on a quiet machine."""
        self.now += seconds * self.slow

    def wait(self, seconds: float) -> None:
        """Let time pass without computing."""
        self.now += seconds

    def perf_counter(self) -> float:
        """As `time.perf_counter`."""
        return self.now

    def workload(self, device: object) -> float:
        """Do the race's fixed workload: the seconds that it takes now."""
        self.work(_TAKES)
        return _TAKES * self.slow

    monotonic = time = perf_counter
    sleep = wait


@contextmanager
def by_hand() -> Iterator[Machine]:
    """A machine that takes the place of this one's clock inside."""
    machine = Machine()
    with ExitStack() as stack:
        for name in _READERS:
            stack.enter_context(patch(name, machine.perf_counter))
        stack.enter_context(patch(_WORKLOAD, machine.workload))
        yield machine
