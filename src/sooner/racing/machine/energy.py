"""Energy of a run: joules that the machine's own counters show, over what the race's clock counts; never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Self

import torch

from sooner.racing.machine.counters import POWERCAP, Counter, Nvidia, Unavailable, packages

_POLL = 10.0  # seconds between readings while it counts
_MOST_WATTS = 1000.0  # that a counter which wraps, hence a processor package, may ever draw


class EnergyMeter:
    """Counts joules between `resume` and `pause`; the meter of a `sooner.training.clock.Clock`.

    What the counters count is the machine's: idle power and other programs included. A counter that fails on the way
    makes the whole measurement unavailable: part of a run's energy is not its energy.

    Args:
        counters: whose joules are added up; none where energy is not available.
        source: what they count, in words; without counters, why there are none.
        spent: joules that the run used before it was resumed, None if they were not measured.
    """

    def __init__(self, counters: Sequence[Counter], source: str, *, spent: float | None = 0.0) -> None:
        self._counters = tuple(counters)
        self._source = source
        self._spent = spent or 0.0
        self._failure: str | None = None if counters else source
        if spent is None and counters:
            self._failure = "the run was resumed, and its energy before that was not measured"
        self._before: list[float] | None = None
        self._at = 0.0

    @classmethod
    def for_device(cls, device: torch.device, *, spent: float | None = 0.0, powercap: Path = POWERCAP) -> Self:
        """Of what trains on `device`: the processor packages, and the accelerator where it is one."""
        if device.type == "cpu":
            try:
                return cls(packages(powercap), "RAPL (CPU packages)", spent=spent)
            except Unavailable as reason:
                return cls((), str(reason))
        try:
            accelerator = Nvidia(device)
        except Unavailable as reason:
            return cls((), str(reason))
        try:
            return cls([accelerator, *packages(powercap)], "NVML (GPU) + RAPL (CPU packages)", spent=spent)
        except Unavailable as reason:
            return cls([accelerator], f"NVML (GPU) alone, without the CPU: {reason}", spent=spent)

    @property
    def joules(self) -> float | None:
        """Joules counted up to the last pause, those from before a resume included; None where not available."""
        return None if self._failure else self._spent

    @property
    def label(self) -> str:
        """ "measured: RAPL (CPU packages)" or "not available: ...", with the reason."""
        return f"not available: {self._failure}" if self._failure else f"measured: {self._source}"

    def resume(self) -> None:
        """Begin to count."""
        self._before, self._at = self._read(), monotonic()

    def pause(self) -> None:
        """Cease to count."""
        self._count()
        self._before = None

    def poll(self) -> None:
        """To be called often while it counts, so that no counter wraps twice unseen. Reads every ten seconds."""
        if self._before is not None and monotonic() - self._at >= _POLL:
            self._count()

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what happens inside."""
        self.resume()
        try:
            yield
        finally:
            self.pause()

    def _count(self) -> None:
        before, since = self._before, self._at
        if before is None:
            return
        self.resume()
        if (after := self._before) is None:
            return
        for counter, first, last in zip(self._counters, before, after, strict=True):
            used = last - first
            if counter.wraps_at is not None:
                if (self._at - since) * _MOST_WATTS > counter.wraps_at:
                    self._failure = f"a counter was not read for {self._at - since:.0f} s and may have wrapped unseen"
                used %= counter.wraps_at
            elif used < 0:
                self._failure = "a counter began again at 0"
            self._spent += used

    def _read(self) -> list[float] | None:
        if self._failure is not None:
            return None
        try:
            return [counter.read() for counter in self._counters]
        except Unavailable as reason:
            self._failure = str(reason)
            return None
