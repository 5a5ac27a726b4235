"""Turns the messages of a program into the evaluations of its run."""

from __future__ import annotations

import math
from collections.abc import Callable

from sooner.racing import scale
from sooner.racing.programs.clock import ProgramClock
from sooner.racing.programs.execution import MOST_READINGS
from sooner.racing.programs.reading import Reading
from sooner.racing.programs.reports import Message
from sooner.training.evaluation import Evaluation


class Journal:
    """Keeps a run's looks and its clock.

    Looks without a step are numbered 1, 2, 3, ... Where a look has no count of examples, it takes that of the look
    before, or its step if no look had one: nothing is then compared by examples. A metric that is not finite is not
    a look; if it is the last, the run broke off.

    Args:
        started: the moment when the program was started.
        on_look: called for each look as it comes.
        reports: whether metrics from `sooner.report` count; its pauses always do.
        own_seconds: whether the seconds that the program tells of itself are used.
        target: that metrics must be on the scale of (`racing/scale.py`); None where any will do.
    """

    def __init__(
        self,
        started: float,
        on_look: Callable[[Evaluation], None],
        *,
        reports: bool,
        own_seconds: bool = False,
        target: float | None = None,
    ) -> None:
        self.clock = ProgramClock(started)
        self.looks: list[Evaluation] = []
        self.fault: str | None = None  # why the run cannot go on
        self.broken: float | None = None  # the last metric, where it was not finite
        self.heard = False  # a metric, of whatever kind
        self.told_seconds = False  # it told its own, used or not
        self.doubted = False  # the scale of a metric is the fault
        self._on_look = on_look
        self._reports = reports
        self._own_seconds = own_seconds
        self._target = target
        self._examples_given = False

    def take(self, message: Message) -> None:
        """Note a message of the program."""
        if message.pause:
            self.clock.pause(message.moment)
        if message.reading is not None and (self._reports or not message.reported):
            self._look(message.moment, message.reading)
        if message.resume:
            self.clock.resume(message.moment)

    def _look(self, moment: float, reading: Reading) -> None:
        self.heard = True
        if self.fault is not None:
            return
        if self._target is not None and scale.exceeds(reading.metric, self._target):
            self.fault, self.doubted = scale.refusal(reading.metric, self._target), True
            return
        last = self.looks[-1] if self.looks else Evaluation(0.0, 0, 0, math.nan)
        self.told_seconds |= reading.seconds is not None
        if self._own_seconds and reading.seconds is not None:
            if reading.seconds < last.seconds:
                self.fault = (
                    f"its clock ran back from {last.seconds:.6g} to {reading.seconds:.6g} s; `seconds` must count from "
                    "the start of the run, or be left out"
                )
                return
            self.clock.set(moment, reading.seconds)
        if not math.isfinite(reading.metric):
            self.broken = reading.metric
            return
        self.broken = None
        step = last.step + 1 if reading.step is None else reading.step
        examples = self._examples(reading, last, step)
        if step < last.step or examples < last.examples:
            self.fault = "its count of steps or examples ran back; count from the start of the run, or leave it out"
            return
        look = Evaluation(self.clock.seconds(moment), step, examples, reading.metric)
        self.looks.append(look)
        if len(self.looks) > MOST_READINGS:
            self.fault = (
                f"it reported more than {MOST_READINGS:,} metrics; make the pattern match its evaluations alone, or "
                "evaluate less often"
            )
        self._on_look(look)

    def _examples(self, reading: Reading, last: Evaluation, step: int) -> int:
        if reading.examples is not None:
            self._examples_given = True
            return reading.examples
        return last.examples if self._examples_given else step
