"""The arguments that an object was made with: checked, listed, and made plain enough to compare and to save."""

from __future__ import annotations

import hashlib
import inspect
import operator

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


def share(name: str, value: object) -> float:
    """`value` as a float in (0, 1], or an error that names it."""
    if not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, not {value!r}")
    return float(value)


def labels(targets: object, n: int) -> Tensor:
    """`targets` as an (n,) tensor of whole numbers, or an error that says what is wrong with it."""
    if targets is None:
        raise ValueError(f"a stratified order needs targets, the class of each of the {n} examples")
    tensor = torch.as_tensor(targets)
    if tensor.shape != (n,) or tensor.is_floating_point() or tensor.is_complex():
        raise ValueError(
            f"targets must be {n} whole numbers, one class per example, "
            f"not {tensor.dtype} of shape {tuple(tensor.shape)}"
        )
    return tensor


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
    """`value` if it is a plain one; of a tensor, a digest of its values as int64, so that it can be told apart."""
    if isinstance(value, Tensor):
        content = value.cpu().to(torch.int64).contiguous().numpy().data
        return hashlib.blake2b(content, digest_size=16).hexdigest()
    if isinstance(value, int | float | str | bool) or value is None:
        return value
    raise TypeError(f"an argument of a sampler must be a plain value or a tensor, not {type(value).__name__}")
