"""The arguments that masks were made with, as plain values and as an expression."""

from __future__ import annotations

import inspect
from typing import Any

from sooner.registry import GIVEN


def options(made: object) -> dict[str, Any]:
    """The seed and the method's own arguments, each from the attribute of its name, `density` from `target`."""
    names = [name for name in inspect.signature(type(made)).parameters if name == "seed" or name not in GIVEN]
    return {name: getattr(made, "target" if name == "density" else name) for name in names}


def expression(made: object) -> str:
    """The call that makes it again, defaults left out; what training gives stands there by its argument's name."""
    shown, own = [], options(made)
    for name, parameter in inspect.signature(type(made)).parameters.items():
        if name not in own:
            shown.append(name if parameter.kind is parameter.POSITIONAL_OR_KEYWORD else f"{name}={name}")
        elif own[name] != parameter.default:
            shown.append(f"{name}={own[name]!r}")
    return f"{type(made).__name__}({', '.join(shown)})"


def differences(theirs: dict[str, Any], mine: dict[str, Any]) -> list[str]:
    """What differs, in words: "seed is 0 there and 1 here". Tuples may have become lists on the way."""
    theirs, mine = (
        {name: list(value) if isinstance(value, tuple) else value for name, value in side.items()}
        for side in (theirs, mine)
    )
    return [
        f"{name} is {theirs.get(name)!r} there and {mine.get(name)!r} here"
        for name in {**theirs, **mine}
        if theirs.get(name) != mine.get(name)
    ]
