"""Wide residual net: S. Zagoruyko, N. Komodakis, "Wide residual networks", 2016."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from sooner.tasks.models._base import Shape, he_initialise, image_channels


class WideResNet16(nn.Module):
    """WRN-16-k: a 3x3 convolution, three stages of two pre-activation blocks with 16k, 32k and 64k channels, linear.

    No dropout. Shortcuts are 1x1 convolutions of the activated input where the shape changes. WRN-16-4 has 2.75
    million parameters at three input channels and ten classes.

    Args:
        shape: (C, H, W) of an image.
        classes: number of logits.
        widen: k, the factor of the channels.
    """

    def __init__(self, shape: Shape, classes: int, *, widen: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(image_channels(f"wrn-16-{widen}", shape), 16, 3, padding=1, bias=False)
        blocks = []
        inputs = 16
        for outputs, stride in ((16 * widen, 1), (32 * widen, 2), (64 * widen, 2)):
            blocks += [_Block(inputs, outputs, stride), _Block(outputs, outputs, 1)]
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.BatchNorm2d(inputs)
        self.head = nn.Linear(inputs, classes)
        he_initialise(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W)."""
        features = F.relu(self.norm(self.blocks(self.stem(inputs))))
        logits: Tensor = self.head(features.mean((2, 3)))
        return logits


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.projection = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        active = F.relu(self.norm1(inputs))
        shortcut: Tensor = inputs if self.projection is None else self.projection(active)
        residual: Tensor = self.conv2(F.relu(self.norm2(self.conv1(active))))
        return residual + shortcut
