"""The arguments that an object was made with: checked, listed, and made plain enough to compare and to save."""

from __future__ import annotations

import hashlib
import inspect
import math
import operator
from numbers import Real

import numpy as np
import torch
from torch import Tensor

Plain = int | float | str | bool | None


def whole_number(name: str, value: object, least: int | None = None) -> int:
    """`value` as an int of at least `least`, or an error that names it."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # what is no whole number is refused below
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number


def real(name: str, value: object) -> float | None:
    """`value` as a float where it is one real number, NumPy's included, else None; a TypeError of a tensor."""
    if isinstance(value, Tensor):
        # Its number could be taken, but not the changes that are made to it in place.
        raise TypeError(f"{name} must be a plain number, not a tensor: give float({name})")
    return float(value) if isinstance(value, Real) else None


def share(name: str, value: object) -> float:
    """`value` as a float in (0, 1], or an error that names it."""
    found = real(name, value)
    if found is None or not 0 < found <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, not {value!r}")
    return found


def number(name: str, value: object, least: float, most: float = math.inf, *, below: bool = False) -> float:
    """`value` as a float in [least, most], with `below` in [least, most), or an error that names it."""
    found = real(name, value)
    if found is None or not least <= found <= most or (below and found == most) or not math.isfinite(found):
        bound = "" if most == math.inf else f" and {'below' if below else 'at most'} {most:g}"
        raise ValueError(f"{name} must be at least {least:g}{bound}, not {value!r}")
    return found


def flag(name: str, value: object) -> bool:
    """`value` if it is True or False, NumPy's included, or an error that names it."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def labels(targets: object, n: int, name: str = "targets", what: str = "class") -> Tensor:
    """`targets` as an (n,) tensor of whole numbers, or an error that says what is wrong with it."""
    if targets is None:
        raise ValueError(f"a stratified order needs targets, the class of each of the {n} examples")
    try:
        tensor = torch.as_tensor(targets)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} must be {n} whole numbers, one {what} per example, not {targets!r}") from None
    if tensor.shape != (n,) or tensor.is_floating_point() or tensor.is_complex():
        raise ValueError(
            f"{name} must be {n} whole numbers, one {what} per example, "
            f"not {tensor.dtype} of shape {tuple(tensor.shape)}"
        )
    return tensor


def per_example(name: str, value: object, n: int, *, positive: bool = False) -> Tensor:
    """`value` as an (n,) float64 tensor of finite numbers on the CPU, or an error that says what is wrong with it.

    With `positive`, none is below 0 and one at least above it.
    """
    wanted = (
        f"{name} must be {n} {'weights, at least 0 and not all 0' if positive else 'finite numbers'}, one per example"
    )
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{wanted}, not {value!r}") from None
    if tensor.shape != (n,) or tensor.is_complex():
        raise ValueError(f"{wanted}, not {tensor.dtype} of shape {tuple(tensor.shape)}")
    wide = tensor.detach().cpu().to(torch.float64)
    bad = ~wide.isfinite() | (wide < 0) if positive else ~wide.isfinite()
    if bad.any():
        at = int(bad.nonzero()[0, 0])
        raise ValueError(f"{wanted}; example {at} has {float(wide[at])}")
    if positive and not wide.any():
        raise ValueError(f"{wanted}, and these are all 0")
    return wide


def one_of(name: str, value: object, choices: tuple[str, ...]) -> str:
    """`value`, or an error where it is none of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return str(value)


def arguments(made: object) -> dict[str, object]:
    """The constructor's arguments by name, as `made` keeps them: each in an attribute of the argument's name."""
    return {name: getattr(made, name) for name in inspect.signature(type(made)).parameters}


def shown(made: object) -> str:
    """The expression that makes it again, defaults left out; a tensor is shown by its argument's name."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(type(made)).parameters.items()}
    given = [
        f"{name}={name if isinstance(value, Tensor) else repr(value)}"
        for name, value in arguments(made).items()
        if isinstance(value, Tensor) or value != defaults[name]
    ]
    return f"{type(made).__name__}({', '.join(given)})"


def plain(value: object) -> Plain:
    """`value` if it is a plain one; of a tensor, a digest of its values in 64 bits, so that it can be told apart."""
    if isinstance(value, Tensor):
        wide = torch.float64 if value.is_floating_point() else torch.int64
        content = value.detach().cpu().to(wide).contiguous().numpy().data
        return hashlib.blake2b(content, digest_size=16).hexdigest()
    if isinstance(value, int | float | str | bool) or value is None:
        return value
    raise TypeError(f"an argument of a sampler must be a plain value or a tensor, not {type(value).__name__}")
