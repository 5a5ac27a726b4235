"""One run after the other, in this process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.protocols import Runs, Watcher
from sooner.racing.record import RunRecord
from sooner.training.evaluation import Stopped


class LocalEngine:
    """Makes runs one after the other. The run under way is saved every `save_every` seconds, and at Ctrl-C."""

    def __init__(self, runs: Runs, *, save_every: float = 30.0) -> None:
        self.runs = runs
        self.save_every = save_every
        self._warm: set[str] = set()

    def environment(self) -> Mapping[str, Any]:
        """See `Engine`."""
        return self.runs.environment()

    def run(
        self, planned: Sequence[PlannedRun], folder: Path, keep: Callable[[RunRecord], None], watcher: Watcher
    ) -> None:
        """See `Engine`."""
        cold = {run.lane.name: run.lane for run in planned if run.lane.name not in self._warm}
        self.runs.warm_up(list(cold.values()))
        self._warm.update(cold)
        with interruptible() as interrupted:
            for run in planned:
                watcher.run_started(run)
                record = self._one(run, folder / run.saved, watcher, interrupted)
                keep(record)
                with suppress(OSError):  # the run is kept; what cannot be removed is in nobody's way
                    (folder / run.saved).unlink(missing_ok=True)
                watcher.run_finished(record)
                if interrupted():
                    raise KeyboardInterrupt

    def _one(self, run: PlannedRun, saved: Path, watcher: Watcher, interrupted: Callable[[], bool]) -> RunRecord:
        last_saved = monotonic()

        def on_step(save: Callable[[], None]) -> None:
            nonlocal last_saved
            watcher.stepped()
            if interrupted():
                save()
                raise Stopped
            if monotonic() - last_saved >= self.save_every:
                save()
                last_saved = monotonic()

        try:
            return self.runs.run(run.lane, run.seed, saved=saved, on_look=watcher.looked, on_step=on_step)
        except Stopped:
            raise KeyboardInterrupt from None


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a question that is asked between steps; the second one stops at once."""
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    try:
        before = signal.signal(signal.SIGINT, handle)
    except ValueError:  # not in the main thread, which handles Ctrl-C
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
