"""Progressive resizing: small images first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner._arguments import number, share, whole_number
from sooner.augmentation._base import image_size
from sooner.augmentation._resize import resampled, size_near
from sooner.registry import Method, register


@dataclass(frozen=True)
class ProgressiveResizing:
    """Scale images down, to `start` of their height and width at first, and linearly less until they are whole.

    A pixel of the small image is the mean of the area that it covers, fractions of pixels included, so the mean of an
    image stays. Until progress `since` the size is `start`, from `until` on the full one. The defaults are the ranges
    that Composer (MosaicML) found to work for ResNet-50 on ImageNet, except that it holds the smallest size for the
    first half (`since=0.5`); FFCV goes from 160 to 192 pixels (`start=0.83`).

    Sizes change in steps of `multiple`, up to (1 - start) * size / multiple of them, and a compiled net compiles
    for each. Evaluation is always at full size. Costs about 10 ms for 512 colour images of 32x32 on one core, 1 ms for
    grey ones of 28x28, nothing at full size.

    Folklore, from fast.ai's entry to DAWNBench in 2018. Not EfficientNetV2's progressive learning,
    which raises dropout and augmentation along with the size.

    Args:
        start: share of the full height and width at first, above 0 and at most 1.
        since: progress from which the size grows, in [0, 1].
        until: progress from which it is the full one, in [since, 1].
        multiple: sizes are the nearest multiples of it, at least 1. Images of fewer pixels stay as they are.
    """

    start: float = 0.5
    since: float = 0.0
    until: float = 0.8
    multiple: int = 4

    def __post_init__(self) -> None:
        share("progressive-resizing: start", self.start)
        number("progressive-resizing: since", self.since, 0, 1)
        number("progressive-resizing: until", self.until, 0, 1)
        whole_number("progressive-resizing: multiple", self.multiple, least=1)
        if self.until < self.since:
            raise ValueError(f"progressive-resizing: until must be at least since, {self.since}, not {self.until}")

    def __call__(self, inputs: Tensor, progress: float, generator: torch.Generator) -> Tensor:
        """`inputs` (B, C, H, W) as (B, C, h, w), h and w by `progress`; see `Augmentation`."""
        _, height, width = image_size(inputs)
        small = self._share(progress)
        return area(inputs, size_near(height, small, self.multiple), size_near(width, small, self.multiple))

    def _share(self, progress: float) -> float:
        if progress >= self.until:
            return 1.0
        if progress <= self.since:
            return self.start
        return self.start + (1 - self.start) * (progress - self.since) / (self.until - self.since)


def area(inputs: Tensor, height: int, width: int) -> Tensor:
    """`inputs` (B, C, H, W) float scaled down to `height` x `width` by the mean of the area of each new pixel."""
    _, full_height, full_width = image_size(inputs)
    if (height, width) == (full_height, full_width):
        return inputs
    return resampled(inputs, _overlaps(full_height, height), _overlaps(full_width, width))


@cache
def _overlaps(full: int, size: int) -> NDArray[np.float32]:
    """(size, full): how much of each new pixel, full / size wide, is covered by each old one. Rows sum to 1."""
    left, right = (np.arange(size)[:, None] + side for side in (0, 1))
    old = np.arange(full)
    covered = np.minimum(right * full, (old + 1) * size) - np.maximum(left * full, old * size)
    return np.asarray(np.maximum(covered, 0) / full, dtype=np.float32)


register(
    Method(
        name="progressive-resizing",
        seam="augmentation",
        make=ProgressiveResizing,
        title="Progressive resizing",
        paper="folklore",
        year=None,
        changes="Images are scaled down at first, and grow to their full size over most of the budget.",
        costs="A matrix product along each axis of the batch; steps on the smaller images cost less.",
        helps="Where a step's time grows with the pixels, in nets that take images of any size, on images with more "
        "pixels than the classes need.",
        hurts="In nets of one image size (mlp), on images of 32 pixels or fewer, and in a few epochs: evaluation is at "
        "full size, for which batch norm needs the last epochs, so targets are reached late.",
        cheaper=True,
        many=True,
        stage=50,
        refuses={"augmentation/efficienttrain": "both set the size of the images; choose one of the two"},
    )
)
