"""A model whose training steps and evaluations take so many seconds of a clock that is moved by hand."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

MODEL = f"{__name__}:net"
STEP = 0.25  # seconds of a training step
EXAMPLE = 0.001  # seconds to evaluate an example
passes: Callable[[float], None] = lambda seconds: None  # a test sets it to what lets time pass


class Timed(nn.Module):
    """A linear classifier."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        passes(STEP if self.training and torch.is_grad_enabled() else EXAMPLE * len(inputs))
        logits: Tensor = self.linear(inputs.flatten(1))
        return logits


def net(shape: tuple[int, ...], classes: int) -> nn.Module:
    """The model, as a user's own."""
    return Timed(torch.Size(shape).numel(), classes)
