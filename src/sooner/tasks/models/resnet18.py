"""ResNet-18 for small images: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning", 2016, with a 3x3 stem."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from sooner.tasks.models._base import Shape, he_initialise, image_channels


class ResNet18(nn.Module):
    """The paper's 18-layer net, its 7x7 stem of stride 2 and the max-pool replaced by one 3x3 convolution.

    That is the form in which the field trains it on images of 32 to 64 pixels. Four stages of two basic blocks with
    64, 128, 256 and 512 channels; shortcuts are 1x1 projections where the shape changes (option B). 11.17 million
    parameters at three input channels and ten classes.

    Args:
        shape: (C, H, W) of an image.
        classes: number of logits.
    """

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(image_channels("resnet18", shape), 64, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(64)
        blocks = []
        inputs = 64
        for outputs in (64, 128, 256, 512):
            blocks += [_Block(inputs, outputs), _Block(outputs, outputs)]
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(512, classes)
        he_initialise(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W)."""
        features = self.blocks(F.relu(self.norm(self.stem(inputs))))
        logits: Tensor = self.head(features.mean((2, 3)))
        return logits


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = F.relu(self.norm1(self.conv1(inputs)))
        return F.relu(self.norm2(self.conv2(hidden)) + self.shortcut(inputs))
