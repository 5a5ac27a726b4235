"""Cutout: T. DeVries, G. W. Taylor, "Improved regularization of convolutional neural networks with cutout", 2017."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sooner._arguments import whole_number
from sooner.augmentation._base import image_size
from sooner.registry import Method, register


@dataclass(frozen=True)
class Cutout:
    """Set a square of `size` pixels of each image to zero, which is the mean of normalised images.

    The centre is uniform over the pixels, as in the paper, so the square may lie partly outside and then removes less.
    Every image is cut: the paper's own code does so too. Costs one copy of the batch: about 2 ms for 512 colour
    images of 32x32 on one core.

    Args:
        size: side of the square, at least 1. The paper uses 16 on CIFAR-10 and 8 on CIFAR-100, both of 32x32.
    """

    size: int = 8

    def __post_init__(self) -> None:
        whole_number("cutout: size", self.size, least=1)

    def __call__(self, inputs: Tensor, progress: float, generator: torch.Generator) -> Tensor:
        """`inputs` (B, C, H, W) with a square of each image at zero; see `Augmentation`."""
        batch, height, width = image_size(inputs)
        rows = self._inside(height, batch, generator).to(inputs.device)
        columns = self._inside(width, batch, generator).to(inputs.device)
        cut = rows[:, None, :, None] & columns[:, None, None, :]
        return inputs * (~cut).to(inputs.dtype)

    def _inside(self, length: int, batch: int, generator: torch.Generator) -> Tensor:
        first = torch.randint(length, (batch, 1), generator=generator) - self.size // 2
        position = torch.arange(length)
        return (position >= first) & (position < first + self.size)


register(
    Method(
        name="cutout",
        seam="augmentation",
        make=Cutout,
        title="Cutout",
        paper='T. DeVries, G. W. Taylor, "Improved regularization of convolutional neural networks with cutout"',
        year=2017,
        changes="A random square of each image is set to the mean.",
        costs="One copy of the batch.",
        helps="In long training of large nets on small images, which would overfit otherwise.",
        hurts="In short training and small nets, which underfit already.",
        many=True,
        stage=40,
    )
)
