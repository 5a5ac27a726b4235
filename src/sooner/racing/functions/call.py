"""One call of a function: its clock and its looks."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import torch

from sooner._report import Metric, measured, sink
from sooner.racing import scale
from sooner.racing.functions.function import Trainer
from sooner.training.clock import Clock
from sooner.training.evaluation import Evaluation


class Call:
    """One call of a function: its clock and its looks."""

    def __init__(
        self,
        device: torch.device,
        on_look: Callable[[Evaluation], None],
        on_step: Callable[[], None],
        target: float | None = None,
    ) -> None:
        self.clock = Clock(device)
        self.looks: list[Evaluation] = []
        self._examples_given = False
        self.last: float | None = None  # the last metric, finite or not
        self.doubt: str | None = None  # why a metric is not believed
        self._target = target
        self._device = device
        self._on_look = on_look
        self._on_step = on_step
        self._resident = 0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def call(self, function: Trainer, arguments: tuple[int | float, ...]) -> None:
        """Call it and, where it yields, follow it to its end."""
        token = sink.set(self.take)
        try:
            with self.clock.phase("run"):
                returned = function(*arguments)
                if isinstance(returned, Iterator):
                    self._follow(returned)
        finally:
            sink.reset(token)

    def _follow(self, yields: Iterator[Any]) -> None:
        try:
            for item in yields:
                if not (isinstance(item, tuple | list) and len(item) == 2):
                    raise TypeError(f"a lane must yield (examples, metric), not {item!r:.60}")
                self.take(item[1], None, _whole(item[0]))
        finally:
            if inspect.isgenerator(yields):
                # What it does when it is left early must not hide why it was left.
                with contextlib.suppress(Exception):
                    yields.close()

    def take(self, metric: Metric, step: int | None, examples: int | None) -> float:
        """Note a metric, off the clock."""
        with self.clock.phase("evaluate"):
            value = self.last = measured(metric)
            self._resident = max(self._resident, int(psutil.Process().memory_info().rss))
            if self._target is not None and scale.exceeds(value, self._target):
                self.doubt = self.doubt or scale.refusal(value, self._target)
                raise ValueError(self.doubt)
            if math.isfinite(value):
                before = self.looks[-1] if self.looks else Evaluation(0.0, 0, 0, math.nan)
                step = before.step + 1 if step is None else step
                if examples is None:
                    examples = before.examples if self._examples_given else step
                else:
                    self._examples_given = True
                if step < before.step or examples < before.examples:
                    raise ValueError("its count of steps or examples ran back; count from the start of the run")
                self.looks.append(Evaluation(self.clock.seconds, step, examples, value))
                self._on_look(self.looks[-1])
            self._on_step()
        return value

    @property
    def diverged(self) -> bool:
        """Whether its last metric was not finite."""
        return self.last is not None and not math.isfinite(self.last)

    @property
    def broken(self) -> str | None:
        """Why a function that returned is not one that ended well."""
        if self.last is None:
            return "it ended without a metric: it yielded no (examples, metric), and did not call sooner.report"
        return f"its last metric was {self.last}" if self.diverged else None

    def peak_memory(self) -> int:
        """Bytes: the device's own count where it keeps one, else this process's resident set at the looks."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return max(self._resident, int(psutil.Process().memory_info().rss))


def _whole(examples: Any) -> int:
    if isinstance(examples, bool) or not 0 <= examples < 2**63:
        raise ValueError(f"examples must be a whole number of at least 0, not {examples!r:.60}")
    return int(examples)
