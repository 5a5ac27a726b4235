"""EfficientTrain: low frequencies first, as images that are really smaller."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner._arguments import whole_number
from sooner.augmentation._base import image_size
from sooner.augmentation._resize import resampled, size_near
from sooner.registry import Method, register

_STAGES = ((0.6, 160 / 224), (0.8, 192 / 224))  # until this progress, this share of the full bandwidth


@dataclass(frozen=True)
class EfficientTrain:
    """Keep the lowest frequencies of each image, as an image of fewer pixels, and more of them as training goes on.

    For 60% of the budget 160/224 of the frequencies along each axis are kept, for the next 20% 192/224, then all:
    in the paper, five stages at 160, 160, 160, 192 and 224 pixels. The net takes images of all these sizes, and a
    step costs that much less: on 224 pixels 0.51 and 0.73 of the full one, over all 0.65.

    The crop: the b x b lowest frequencies of the two-dimensional Fourier transform, transformed back as an image of
    b x b pixels, scaled by b^2 / (H W), which keeps the mean. An image that has no frequency of b/2 or above becomes
    every (H/b)-th pixel of itself, exactly. As the transform is periodic, opposite edges leak into each other a little.

    It is computed as a matrix along each axis, 4 times faster on one core than the transforms for images of 32x32:
    about 10 ms for 512 colour images of 32x32, 1 ms for grey ones of 28x28. Nothing at full size.

    b is even, so frequency -b/2 is inside and b/2 is not; their mean is taken along each axis, so that the image is
    real, and a mirrored image becomes a mirrored one (moved by a pixel). The published code takes the real part at the
    end, which differs in one of the b^2 coefficients, that of b/2 along both axes.

    The other half of the method is weak augmentation first: list `randaugment` beside it with a magnitude that rises.
    The published code has levels 1, 3, 5, 7 and 9 of 10 in the five stages; `RandAugment(magnitude=0, end=30)` is the
    straight line through their middles. Its batch is 4,096 examples throughout: small images only let each device take
    twice as many of them at a time. It evaluates at the present size; here evaluation is always at full size, so
    accuracy before the last stage is not what it will be.

    Source: Y. Wang, Y. Yue, R. Lu, T. Liu, Z. Zhong, S. Song and G. Huang, "EfficientTrain: Exploring Generalized
    Curriculum Learning for Training Visual Backbones", ICCV 2023, sections 4 and 5.

    Args:
        multiple: sizes are the multiples of it nearest to the paper's shares; even, at least 2. With 2 an image of 28
            pixels is 20, then 24, one of 32 is 22, then 28, and one of 224 is as in the paper. Take 2 to the number of
            times that the net halves an image if it loses edges otherwise. Images of fewer pixels stay as they are.
    """

    multiple: int = 2

    def __post_init__(self) -> None:
        if whole_number("efficienttrain: multiple", self.multiple, least=2) % 2:
            raise ValueError(f"efficienttrain: multiple must be even, not {self.multiple}")

    def __call__(self, inputs: Tensor, progress: float, generator: torch.Generator) -> Tensor:
        """`inputs` (B, C, H, W) as (B, C, h, w), h and w by `progress`; see `Augmentation`."""
        _, height, width = image_size(inputs)
        share = next((share for until, share in _STAGES if progress < until), 1.0)
        return low_frequencies(inputs, size_near(height, share, self.multiple), size_near(width, share, self.multiple))


def low_frequencies(inputs: Tensor, height: int, width: int) -> Tensor:
    """`inputs` (B, C, H, W) float cropped in frequency to `height` x `width` pixels, each even, or as it was.

    The crop of `EfficientTrain`. Raises ValueError if a size is odd and not that of `inputs`, or larger.
    """
    _, full_height, full_width = image_size(inputs)
    if (height, width) == (full_height, full_width):
        return inputs
    return resampled(inputs, _crop(full_height, height), _crop(full_width, width))


@cache
def _crop(full: int, size: int) -> NDArray[np.float32]:
    """(size, full): the transform of `full` pixels, its frequencies -size/2 to size/2 - 1, and back, real part."""
    if size == full:
        return np.eye(full, dtype=np.float32)
    if size % 2 or not 0 < size < full:
        raise ValueError(f"{full} pixels can be cropped in frequency to an even number up to {full}, not to {size}")
    frequency = 2 * np.pi * np.arange(-size // 2, size // 2)
    back = np.outer(np.arange(size) / size, frequency)
    forth = np.outer(frequency, np.arange(full) / full)
    crop = np.cos(back) @ np.cos(forth) + np.sin(back) @ np.sin(forth)  # of the difference of the angles
    return np.asarray(crop / full, dtype=np.float32)


register(
    Method(
        name="efficienttrain",
        seam="augmentation",
        make=EfficientTrain,
        title="EfficientTrain",
        paper='Y. Wang et al., "EfficientTrain: Exploring Generalized Curriculum Learning for Training Visual '
        'Backbones"',
        year=2023,
        changes="Images have 5/7 of their pixels along each axis for 60% of the budget, 6/7 for 20%, the lowest "
        "frequencies; then all.",
        costs="A matrix product along each axis of the batch; steps cost 0.5 and then 0.7 of one on whole images.",
        helps="Where a step's time grows with the pixels, in nets that take images of any size, in training long "
        "enough that the full size is learned in the last fifth.",
        hurts="In nets of one image size (mlp), on images so small that the net cannot go smaller, and in a few "
        "epochs: evaluation is at full size, for which batch norm needs the last fifth, so targets are reached late.",
        cheaper=True,
        many=True,
        stage=50,
        refuses={"augmentation/progressive-resizing": "both set the size of the images; choose one of the two"},
    )
)
