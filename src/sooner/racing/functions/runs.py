"""Runs of Python functions, in this process."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sooner._version import __version__
from sooner.racing.functions.call import Call
from sooner.racing.functions.function import Function, Trainer
from sooner.racing.machine import describe as machine
from sooner.racing.machine.reference import Reference
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.raised import raised
from sooner.racing.record import RunRecord, now
from sooner.racing.surroundings import kept
from sooner.random import isolated
from sooner.training.evaluation import Evaluation, Stopped


class FunctionRuns:
    """Makes the runs of a race of Python functions, in this process.

    The clock starts with the call and stands still while the race handles a yield or a report, evaluation by a
    function given in place of the metric included. Before each run the global generators of Python, NumPy and PyTorch
    are seeded, alike for all lanes of a seed, and put back afterwards, as are the settings that all lanes share
    (`racing/surroundings.py`); other sources of randomness are up to the function. An exception ends its run, not the
    race.

    Args:
        functions: by the name of their lane. Under the fitted protocol lanes are named NAME@BUDGET.
        device: whose queued work the clock waits for.
        target: a metric that looks like a percentage of it ends its run; None believes any.
    """

    def __init__(self, functions: Mapping[str, Trainer], *, device: str = "cpu", target: float | None = None) -> None:
        self._functions = dict(functions)
        self._device = torch.device(device)
        self._target = target

    def environment(self) -> dict[str, Any]:
        """Machine, versions, and a fingerprint of each function's source."""
        described = machine.describe(self._device)
        return {
            **{key: described[key] for key in ("cpu", "threads", "accelerator") if key in described},
            "torch": torch.__version__,
            "sooner": __version__,
            "functions": {name: _fingerprint(function) for name, function in self._functions.items()},
        }

    def warm_up(self, lanes: Sequence[PlannedLane]) -> None:
        """Nothing: a call might do more than train, such as writing files."""

    def run(
        self,
        lane: PlannedLane,
        seed: int,
        *,
        saved: Path,
        on_look: Callable[[Evaluation], None] = lambda look: None,
        on_step: Callable[[Callable[[], None]], None] = lambda save: None,
    ) -> RunRecord:
        """Run the function of `lane` with `seed` to its end; `saved` is not used, since it cannot be saved.

        `on_step` is called at each yield and report. `Stopped` and KeyboardInterrupt pass through.
        """
        entry = lane.entry
        if not isinstance(entry, Function):
            raise TypeError(f"lane {lane.name} runs {type(entry).__name__}, not a function")
        function = self._functions.get(lane.name) or self._functions[lane.name.rpartition("@")[0]]
        started = now()
        reference = Reference(self._device)

        def step() -> None:
            reference.poll()
            on_step(lambda: None)

        run = Call(self._device, on_look, step, self._target)
        reference.measure()
        stopped, output = None, None
        with kept() as left, _seeded(seed, self._device):
            try:
                run.call(function, (seed,) if entry.amount is None else (seed, entry.amount))
                stopped = run.broken
            except Stopped:
                raise
            except (Exception, SystemExit) as error:
                stopped, output = raised(error)
                if run.diverged:  # and gave up for that
                    stopped = f"{run.broken}, and it raised {stopped}"
        reference.measure()
        if run.doubt is not None:  # the function may have caught what said so
            stopped, output = run.doubt, None
        last = run.looks[-1] if run.looks else None
        return RunRecord(
            lane=lane.name,
            seed=seed,
            started=started,
            finished=now(),
            steps=last.step if last else 0,
            examples=last.examples if last else 0,
            seconds=run.clock.seconds,
            looks=run.looks,
            phases=run.clock.phases,
            peak_memory_bytes=run.peak_memory(),
            stopped=stopped,
            output=output,
            reference=reference.seconds,
            left_behind=left,
        )


@contextlib.contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed the global generators inside; those of PyTorch are put back afterwards, the others by `kept`."""
    with isolated(seed, "function", device=device):
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 - what such code draws from
        yield


def _fingerprint(function: Trainer) -> str:
    """Of its source, "" where that is not available. What it calls, or closes over, is not included."""
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        return ""
    return hashlib.blake2b(source.encode(), digest_size=8).hexdigest()
