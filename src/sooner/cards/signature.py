"""A method's options as one reads them."""

from __future__ import annotations

from inspect import Parameter
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin


def option(parameter: Parameter) -> str:
    """An option as its signature has it: `fraction: float`, `beta: float = 1.0`."""
    kind = _kind(parameter.annotation)
    default = "" if parameter.default is Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {kind}{default}"


def _kind(annotation: Any) -> str:
    """A type as one reads it: the values of a Literal, `float | None`, `tuple[str, ...]`."""
    if get_origin(annotation) is Literal:
        return " | ".join(map(repr, get_args(annotation)))
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join("None" if part is NoneType else _kind(part) for part in get_args(annotation))
    return str(annotation if isinstance(annotation, str) or get_args(annotation) else annotation.__name__)
