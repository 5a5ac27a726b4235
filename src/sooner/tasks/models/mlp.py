"""A multilayer perceptron: for tables, and for images as a plain point of comparison."""

from __future__ import annotations

import math

from torch import nn

from sooner.tasks.models._base import Shape

_WIDTH = 256


def mlp(shape: Shape, classes: int) -> nn.Module:
    """Two hidden layers of 256 with ReLU and no normalisation; an image is flattened. (B, *shape) to (B, classes)."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(shape), _WIDTH),
        nn.ReLU(),
        nn.Linear(_WIDTH, _WIDTH),
        nn.ReLU(),
        nn.Linear(_WIDTH, classes),
    )
