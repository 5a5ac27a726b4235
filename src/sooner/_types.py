"""Whether a record read from a file has the types that its class declares: a dataclass itself does not look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def require_types(record: Any, path: str = "") -> None:
    """Raise TypeError where a field of `record`, a dataclass, or of a record within it is not of its declared type.

    An int passes for a float; a float must be finite. What is declared as a protocol or Any is not looked at.
    """
    kind: type = type(record)
    hints = _hints(kind)
    for field in fields(record):
        _require(getattr(record, field.name), hints[field.name], f"{path}{field.name}")


@cache
def _hints(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _require(value: Any, hint: Any, path: str) -> None:
    if not _holds(value, hint, path):
        text = repr(value)
        wanted = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
        raise TypeError(f"{path} must be {wanted}, not {text if len(text) <= 60 else f'{text[:57]}...'}")


def _holds(value: Any, hint: Any, path: str) -> bool:
    """Whether `value` itself is of the type. Raises TypeError for what it contains."""
    origin, within = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_holds(value, one, path) for one in within)
    if origin is Literal:
        return value in within
    if origin is tuple and len(within) == 2 and within[1] is Ellipsis:
        return isinstance(value, tuple) and _each(value, within[0], path)
    if origin in (list, Sequence):
        return isinstance(value, list | tuple) and _each(value, within[0], path)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping) or not all(_holds(key, within[0], path) for key in value):
            return False
        for key, each in value.items():
            _require(each, within[1], f"{path}.{key}")
        return True
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is None or hint is NoneType:
        return value is None
    if is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, hint):
            require_types(value, f"{path}.")
        return isinstance(value, hint)
    return hint is Any or not isinstance(hint, type) or getattr(hint, "_is_protocol", False) or isinstance(value, hint)


def _each(values: Sequence[Any], hint: Any, path: str) -> bool:
    for place, each in enumerate(values):
        _require(each, hint, f"{path}[{place}]")
    return True
