"""What every optimizer checks of its arguments."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from torch import Tensor, device, strided

from sooner._arguments import number


def check_rates(lr: float, weight_decay: float) -> None:
    """Raise ValueError unless `lr` is finite and above 0, `weight_decay` finite and at least 0."""
    check_positive("lr", lr)
    number("weight_decay", weight_decay, least=0)


def check_positive(name: str, value: float) -> None:
    """Raise ValueError unless `value` is finite and above 0."""
    if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be finite and above 0, not {value!r}")


def check_share(name: str, value: float) -> None:
    """Raise ValueError unless `value` is in [0, 1)."""
    if not (isinstance(value, int | float) and 0 <= value < 1):
        raise ValueError(f"{name} must be in [0, 1), not {value!r}")


def check_betas(name: str, betas: tuple[float, float]) -> None:
    """Raise ValueError unless both are in [0, 1)."""
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise ValueError(f"{name} must be two numbers in [0, 1), not {betas!r}")
    for beta in betas:
        check_share(name, beta)


def check_flag(name: str, value: bool) -> None:
    """Raise TypeError unless `value` is true or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be true or false, not {value!r}")


def check_nesterov(nesterov: bool, momentum: float) -> None:
    """Raise ValueError where there is no momentum to look ahead by."""
    check_share("momentum", momentum)
    check_flag("nesterov", nesterov)
    if nesterov and momentum == 0:
        raise ValueError("nesterov needs a momentum above 0; set nesterov to false, or momentum to 0.9")


def by_device(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    """The tensors in a list for each device, so that numbers about them can be stacked."""
    found: dict[device, list[Tensor]] = {}
    for tensor in tensors:
        found.setdefault(tensor.device, []).append(tensor)
    return list(found.values())


def with_gradients(group: dict[str, Any], who: str) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of the group that have a gradient, and these; a TypeError that names `who` if one is sparse."""
    parameters: list[Tensor] = [parameter for parameter in group["params"] if parameter.grad is not None]
    gradients: list[Tensor] = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if any(gradient.layout != strided for gradient in gradients):
        raise TypeError(f"{who} takes no sparse gradients; make the embedding with sparse=False, or use adagrad or sgd")
    return parameters, gradients
