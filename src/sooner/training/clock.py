"""The race's clock: seconds by named phase, of which looking at the metric and saving are not counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter  # by its own name: a lane that replaces `time.perf_counter` moves no clock of the race
from typing import Protocol

import torch

from sooner.training.evaluation import OFF_THE_CLOCK


class Meter(Protocol):
    """What is measured over the same stretches that the clock counts, such as energy. It must not raise."""

    def resume(self) -> None:
        """The clock begins to count."""
        ...

    def pause(self) -> None:
        """The clock stands still from here on."""
        ...


class Clock:
    """Accumulates seconds into the innermost open phase; outside any phase nothing is accumulated.

    On an accelerator each change of phase waits for the device, so work queued in one phase is not paid by the next.

    Args:
        device: whose queued work is waited for.
        phases: seconds already spent, when a run is resumed.
        meter: called when the clock starts and stops; the time that takes is off the clock.
    """

    def __init__(
        self,
        device: torch.device | str = "cpu",
        phases: Mapping[str, float] | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._device = torch.device(device)
        self._meter = meter
        self._spent: dict[str, float] = dict(phases or {})
        self._open: list[str] = []
        self._since = 0.0

    def _settle(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        now = perf_counter()
        if self._open:
            name = self._open[-1]
            self._spent[name] = self._spent.get(name, 0.0) + now - self._since
        self._since = now

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what happens inside as phase `name`; the phase around it stands still meanwhile."""
        self._turn([*self._open, name])
        try:
            yield
        finally:
            self._turn(self._open[:-1])

    def _turn(self, phases: list[str]) -> None:
        """Leave the open phases for these."""
        self._settle()
        counted, counts = _counted(self._open), _counted(phases)
        if self._meter and counts and not counted:
            self._meter.resume()
            self._settle()  # into the phase that is left, which is off the clock
        self._open = phases
        if self._meter and counted and not counts:
            self._meter.pause()

    @property
    def phases(self) -> dict[str, float]:
        """Seconds of every phase so far, the running one included."""
        if self._open:
            self._settle()
        return dict(self._spent)

    @property
    def seconds(self) -> float:
        """Seconds on the clock so far. Does not wait for the device: use it between phases, or for a time budget."""
        counted = sum(spent for name, spent in self._spent.items() if name not in OFF_THE_CLOCK)
        if _counted(self._open):
            counted += perf_counter() - self._since
        return counted


def _counted(phases: list[str]) -> bool:
    return bool(phases) and phases[-1] not in OFF_THE_CLOCK
