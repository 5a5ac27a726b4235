"""The clock of a program's run: wall time since its start without its pauses, or, if asked for, what it says."""

from __future__ import annotations


class ProgramClock:
    """Seconds of a run at moments of `time.monotonic`.

    A program that gives its own seconds can be taken at its word at that moment; wall time continues from there.

    Args:
        started: the moment when the program was started.
    """

    def __init__(self, started: float) -> None:
        self._at = started
        self._seconds = 0.0
        self._pause: float | None = None
        self.paused = 0.0  # seconds in which the clock stood still

    def seconds(self, moment: float) -> float:
        """Seconds on the clock at `moment`; never less than at an earlier question."""
        until = moment if self._pause is None else min(moment, self._pause)
        if until > self._at:
            self._seconds += until - self._at
            self._at = until
        return self._seconds

    def pause(self, moment: float) -> None:
        """Stand still from `moment` on."""
        if self._pause is None:
            self.seconds(moment)
            self._pause = max(moment, self._at)

    def resume(self, moment: float) -> None:
        """Go on from `moment`."""
        if self._pause is not None:
            moment = max(moment, self._pause)
            self.paused += moment - self._pause
            self._at, self._pause = moment, None

    def set(self, moment: float, seconds: float) -> None:
        """Believe that the clock shows `seconds` at `moment`. May turn it back: the caller knows if that is right."""
        self._at, self._seconds = max(moment, self._at), seconds
