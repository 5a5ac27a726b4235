"""A clock that stands still until a test moves it, so that no test depends on how fast a machine is."""

import pytest

_READS = ("perf_counter", "monotonic", "sleep")


class Hand:
    """Stands in for Python's clocks in the modules that it was given to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0  # seconds
        self._monkeypatch = monkeypatch

    def perf_counter(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def moves(self, *modules: str) -> "Hand":
        """Take the place of `time`, or of what was imported of it, in these modules of sooner."""
        for name in modules:
            replaced = False
            for word in ("time", *_READS):
                target = f"sooner.{name}.{word}"
                try:
                    self._monkeypatch.setattr(target, self if word == "time" else getattr(self, word))
                    replaced = True
                except AttributeError:
                    continue
            assert replaced, f"sooner.{name} reads no clock"
        return self
