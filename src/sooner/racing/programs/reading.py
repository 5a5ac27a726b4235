"""Metrics in what a program writes: by a regular expression, or as JSON."""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sooner.errors import RecipeError

_NAMES = ("metric", "step", "examples", "seconds")
_MOST = 2**63  # what the store can count


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line says of a run. The metric may be NaN; a field is None where the line does not have it."""

    metric: float
    step: int | None = None
    examples: int | None = None
    seconds: float | None = None  # on the program's own clock; NaN where they are not used


class UnreadableError(ValueError):
    """A line with a metric that cannot be read; the text says why."""


Reader: TypeAlias = Callable[[str], Reading | None]
"""Finds the metric in a line: None where there is none, UnreadableError where it cannot be read."""


def json_reader(line: str, *, own_seconds: bool = True) -> Reading | None:
    """Read a line that is a JSON object with a "metric". Without `own_seconds` its "seconds" may be anything."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return read_fields(fields, own_seconds=own_seconds) if "metric" in fields else None


def read_fields(fields: Mapping[str, Any], *, own_seconds: bool = True) -> Reading:
    """A reading from plain data. Raises UnreadableError where a value that counts is not what it should be."""
    metric = fields["metric"]
    if isinstance(metric, bool) or not isinstance(metric, int | float):
        raise UnreadableError(f"it gave the metric {_short(metric)}, which is not a number")
    return Reading(
        _metric(metric),
        _count("step", fields.get("step")),
        _count("examples", fields.get("examples")),
        _seconds(fields.get("seconds"), used=own_seconds),
    )


def pattern_reader(pattern: str, *, own_seconds: bool = True) -> Reader:
    """A reader of lines by a regular expression. Raises RecipeError where it does not name one metric.

    Without `own_seconds` what its group `seconds` finds may be anything.
    """
    compiled = _compile(pattern)
    names = set(compiled.groupindex)

    def read(line: str) -> Reading | None:
        match = compiled.search(line)
        if match is None:
            return None
        if not names:
            return Reading(_metric(_number("metric", match[1])))
        texts = {name: match[name] for name in names if match[name] is not None}
        if "metric" not in texts:  # an optional group that took no part
            return None
        numbers: dict[str, Any] = {
            name: _number(name, text) if own_seconds or name != "seconds" else text for name, text in texts.items()
        }
        return read_fields(numbers, own_seconds=own_seconds)

    return read


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about patterns that a later Python may read otherwise
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise RecipeError(f"the metric pattern {_short(pattern)} is no regular expression: {error}") from None
    unknown = sorted(set(compiled.groupindex) - set(_NAMES))
    if unknown:
        raise RecipeError(
            f"the metric pattern {_short(pattern)} has a group named {unknown[0]}; groups may be named "
            f"{', '.join(_NAMES)}, or write (?:...) for one that is not read"
        )
    if "metric" not in compiled.groupindex and (compiled.groupindex or compiled.groups != 1):
        raise RecipeError(
            f"the metric pattern {_short(pattern)} has {compiled.groups} groups; put exactly the number in "
            r"parentheses, as in 'val_acc=([0-9.]+)', or name its group, as in 'acc=(?P<metric>[0-9.]+)'"
        )
    return compiled


def _number(name: str, text: str) -> float:
    try:
        return float(text.strip().rstrip(".,;"))  # [0-9.]+ takes the full stop of a sentence, too
    except ValueError:
        raise UnreadableError(f"the pattern found the {name} {_short(text)}, which is not a number") from None


def _metric(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _count(name: str, value: Any) -> int | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (0 <= value < _MOST) or value != int(value):
        raise UnreadableError(f"it gave {name} as {_short(value)}, which is not a whole number of at least 0")
    return int(value)


def _seconds(value: Any, *, used: bool) -> float | None:
    if value is None:
        return None
    if not used:  # a clock that is wrong must not cost a look
        return math.nan
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (0 <= value < _MOST):
        raise UnreadableError(f"it gave seconds as {_short(value)}, which is not a number of at least 0")
    return float(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
