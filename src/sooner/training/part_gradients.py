"""The gradients of a step's micro-batches one by one, and their sum put where the optimizer looks for it."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class PartGradients:
    """Takes each micro-batch's gradient away as it comes, and gives their sum back before the optimizer's step.

    Costs two vectors as long as all parameters together, and a copy of the gradient per micro-batch.

    Args:
        parameters: those that are trained; their `.grad` must be None or zero before the first micro-batch.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self._sum: Tensor | None = None

    def take(self) -> Tensor:
        """(d,) the gradient of the last micro-batch, zero where there was none; `.grad` is left None."""
        flat = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in self._parameters])
        for parameter in self._parameters:
            parameter.grad = None
        self._sum = flat.clone() if self._sum is None else self._sum.add_(flat)
        return flat

    @property
    def sum(self) -> Tensor:
        """(d,) of all that were taken; what is done to it in place is given back."""
        assert self._sum is not None
        return self._sum

    def give_back(self) -> None:
        """Set each parameter's `.grad` to its part of the sum."""
        sizes = [parameter.numel() for parameter in self._parameters]
        for parameter, part in zip(self._parameters, torch.split(self.sum, sizes), strict=True):
            parameter.grad = torch.empty_like(parameter).copy_(part.view(parameter.shape))
