"""The losses protocol: a loss stays one number per example until the step's last moment."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Loss(Protocol):
    """Maps outputs (B, ...), targets (B, ...) and index (B,) int64 to the loss of each example, (B,)."""

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor, /) -> Tensor: ...
