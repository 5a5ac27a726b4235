"""A machine whose time passes only where a lane lets it pass, so that a trap is the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

# Modules that read the clock of a run. What a race times besides (a reference workload, say) belongs here, too, and
# has to take `Machine.work` of the seconds that it takes on a quiet machine.
_READERS = ("sooner.training.clock.time",)


class Machine:
    """Stands in for Python's `time` where a race reads it.

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

    monotonic = time = perf_counter
    sleep = wait


@contextmanager
def by_hand() -> Iterator[Machine]:
    """A machine that takes the place of this one's clock inside."""
    machine = Machine()
    with ExitStack() as stack:
        for name in _READERS:
            stack.enter_context(patch(name, machine))
        yield machine
