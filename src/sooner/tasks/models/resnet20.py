"""ResNet-20 for small images: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning", 2016, section 4.2."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from sooner.tasks.models._base import Shape, he_initialise, image_channels

_BLOCKS = 3  # per stage: 6 * 3 + 2 layers


class ResNet20(nn.Module):
    """A 3x3 convolution, three stages of three basic blocks with 16, 32 and 64 channels, mean over pixels, linear.

    Shortcuts have no parameters (the paper's option A): where a stage halves the image, every second pixel is taken
    and the missing channels are zero. 0.27 million parameters at ten classes, as published.

    Args:
        shape: (C, H, W) of an image.
        classes: number of logits.
    """

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(image_channels("resnet20", shape), 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        blocks = []
        inputs = 16
        for outputs in (16, 32, 64):
            for _ in range(_BLOCKS):
                blocks.append(_Block(inputs, outputs))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(64, classes)
        he_initialise(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W)."""
        features = self.blocks(F.relu(self.norm(self.stem(inputs))))
        logits: Tensor = self.head(features.mean((2, 3)))
        return logits


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.stride = 1 if inputs == outputs else 2
        self.missing = outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=self.stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        shortcut = inputs
        if self.missing:
            shortcut = F.pad(inputs[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.missing))
        hidden = F.relu(self.norm1(self.conv1(inputs)))
        return F.relu(self.norm2(self.conv2(hidden)) + shortcut)
