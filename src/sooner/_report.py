"""Tell a race how good the model is by now: two lines in any training script."""

from __future__ import annotations

import json
import operator
import os
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Protocol, SupportsFloat, SupportsIndex, TypeAlias

VARIABLE = "SOONER_REPORT"  # names the file to report to, in the environment of a program that races

Metric: TypeAlias = SupportsFloat | Callable[[], SupportsFloat]


class Sink(Protocol):
    """Takes the reports of a Python function that races in this process."""

    def __call__(self, metric: Metric, step: int | None, examples: int | None) -> float: ...


sink: ContextVar[Sink | None] = ContextVar("sink", default=None)


def report(metric: Metric, *, step: SupportsIndex | None = None, examples: SupportsIndex | None = None) -> float:
    """Report the metric of the model as it is now; in a race, that is one look at it.

        import sooner
        sooner.report(lambda: accuracy(model, validation), step=step, examples=seen)

    Costs some 50 microseconds beside the metric's own time. Outside a race nothing is written, so the lines can stay
    in the script. Where several processes train together (torch.distributed is initialised, or RANK or LOCAL_RANK is
    set), each computes the metric and the first alone reports it.

    Args:
        metric: a number, or a function without arguments that computes it. Higher is better: negate a loss. The
            race's clock stands still while the function runs, and counts what CUDA still had to do before it. A
            metric that is not finite is below every target.
        step: optimizer steps taken so far; without it the reports are numbered 1, 2, 3, ...
        examples: trained on so far; without it the race does not know them.

    Returns:
        The metric.

    Raises:
        TypeError, ValueError: the metric is not a number, or step or examples are not whole numbers of at least 0.
        OSError: the report could not be written.
    """
    step, examples = _count("step", step), _count("examples", examples)
    listener = sink.get()
    if listener is not None:
        return listener(metric, step, examples)
    path = os.environ.get(VARIABLE)
    if not path or _rank() != 0:
        return measured(metric)
    _finish_queued_work()
    found: dict[str, float] = {}
    _append(path, {"pause": time.monotonic()})
    try:
        found = {"metric": measured(metric)}
    finally:  # the clock must go on if the program survives the error
        counts = {"step": step, "examples": examples}
        _append(path, {**found, **counts, "resume": time.monotonic()})
    return found["metric"]


def measured(metric: Metric) -> float:
    """The number that `metric` is or computes. Raises TypeError where there is none."""
    value = metric() if callable(metric) else metric
    try:
        if isinstance(value, str | bytes):
            raise TypeError("text")
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        text = repr(value)
        raise TypeError(
            "report needs a number, or a function that returns one, not "
            f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
        ) from None


def _count(name: str, value: SupportsIndex | None) -> int | None:
    if value is None:
        return None
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}; convert it with int(...)") from None
    if not 0 <= number < 2**63:
        raise ValueError(f"{name} counts from the start of training and must be in [0, 2**63), not {number}")
    return number


def _rank() -> int:
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank())
    text = os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or "0"  # Lightning sets the second only
    return int(text) if text.isdecimal() else 0


def _finish_queued_work() -> None:
    """Work queued on CUDA before the metric is training: it must not be waited for while the clock stands still."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()


def _append(path: str, line: dict[str, float | int | None]) -> None:
    with open(path, "ab", buffering=0) as file:  # one write: lines of several processes do not mix
        file.write(json.dumps(line).encode() + b"\n")
