"""What every optimizer checks of its arguments; what is checked comes back as plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from torch import Tensor, device, strided, view_as_real

from sooner._arguments import number, real


def check_rates(lr: float, weight_decay: float) -> tuple[float, float]:
    """Both as floats. Raises ValueError unless `lr` is finite and above 0, `weight_decay` finite and at least 0."""
    return check_positive("lr", lr), number("weight_decay", weight_decay, least=0)


def check_positive(name: str, value: float) -> float:
    """`value` as a float. Raises ValueError unless it is finite and above 0."""
    number = real(name, value)
    if number is None or not math.isfinite(number) or number <= 0:
        raise ValueError(f"{name} must be finite and above 0, not {value!r}")
    return number


def check_share(name: str, value: float) -> float:
    """`value` as a float. Raises ValueError unless it is in [0, 1)."""
    number = real(name, value)
    if number is None or not 0 <= number < 1:
        raise ValueError(f"{name} must be in [0, 1), not {value!r}")
    return number


def check_betas(name: str, betas: tuple[float, float]) -> tuple[float, float]:
    """Both as floats. Raises ValueError unless they are two numbers in [0, 1)."""
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise ValueError(f"{name} must be two numbers in [0, 1), not {betas!r}")
    return check_share(name, betas[0]), check_share(name, betas[1])


def check_flag(name: str, value: bool) -> bool:
    """`value` as a bool. Raises TypeError unless it is true or false."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be true or false, not {value!r}")
    return bool(value)


def check_nesterov(nesterov: bool, momentum: float) -> tuple[bool, float]:
    """Both checked. Raises ValueError where there is no momentum to look ahead by."""
    momentum, nesterov = check_share("momentum", momentum), check_flag("nesterov", nesterov)
    if nesterov and momentum == 0:
        raise ValueError("nesterov needs a momentum above 0; set nesterov to false, or momentum to 0.9")
    return nesterov, momentum


def by_device(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    """The tensors in a list for each device, so that numbers about them can be stacked."""
    by_device: dict[device, list[Tensor]] = {}
    for tensor in tensors:
        by_device.setdefault(tensor.device, []).append(tensor)
    return list(by_device.values())


def as_real(tensor: Tensor) -> Tensor:
    """A view of complex numbers (...) as their parts (..., 2); of real ones, these."""
    return view_as_real(tensor.detach()) if tensor.is_complex() else tensor


def with_gradients(group: dict[str, Any], who: str) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of the group that have a gradient, and these; a TypeError that names `who` if one is sparse."""
    parameters: list[Tensor] = [parameter for parameter in group["params"] if parameter.grad is not None]
    gradients: list[Tensor] = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if any(gradient.layout != strided for gradient in gradients):
        raise TypeError(
            f"{who} takes no sparse gradients; make the embedding with sparse=False, or use adagrad or sgd alone"
        )
    return parameters, gradients
