"""The augmentation protocol: what an example looks like now."""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

import torch
from torch import Tensor


class Augmentation(Protocol):
    """Changes a batch of images, and leaves the one it was given as it is.

    `inputs` is (B, C, H, W) float on any device, `progress` the share of the training budget spent, in [0, 1]. All
    random numbers come from `generator`, a CPU generator on every device, so that a run on an accelerator sees the
    same changes as one on the CPU. Returns a tensor of the same dtype, device and memory format, and of the same shape
    except for those that are made to change height and width; `inputs` itself where nothing is to change.

    Two attributes of its class, each taken as False where there is none, say how it is called:

    - `unit_range`: `inputs` are images in [0, 1], before normalisation. Else they are normalised: mean 0, deviation 1.
    - `indexed`: it is an `IndexedAugmentation`, and is given which examples these are.

    Order. Those in [0, 1] act first, then the images are normalised, then the others act. Within each half the `stage`
    of their records decides, whatever the order in a recipe's file; equal stages act in the order of the file:

    10  what a picture's colours and shapes become (in [0, 1]): RandAugment
    20  mirrored or not
    30  moved
    40  erased, to 0, which is the mean: Cutout
    50  its size: EfficientTrain, progressive resizing

    So everything acts on whole images, a shift is in pixels of the full size, and only the model sees small ones.
    """

    def __call__(self, inputs: Tensor, progress: float, generator: torch.Generator, /) -> Tensor: ...


class IndexedAugmentation(Protocol):
    """An `Augmentation` that depends on which example it is and on when: also given `index` and `epoch`.

    `index` is int64 (B,) on any device, the position of each example in the training set. `epoch` counts the sampler's
    rounds from 0; for most samplers a round is a pass over the data.
    """

    indexed: ClassVar[bool]

    def __call__(
        self, inputs: Tensor, progress: float, generator: torch.Generator, /, *, index: Tensor, epoch: int
    ) -> Tensor: ...


def unit_range(augmentation: Augmentation | IndexedAugmentation) -> bool:
    """Whether it acts on images in [0, 1], before they are normalised."""
    return bool(getattr(augmentation, "unit_range", False))


def apply(
    augmentation: Augmentation | IndexedAugmentation,
    inputs: Tensor,
    progress: float,
    generator: torch.Generator,
    *,
    index: Tensor,
    epoch: int,
) -> Tensor:
    """`inputs` augmented, whichever of the two protocols it is."""
    if getattr(augmentation, "indexed", False):
        return cast(IndexedAugmentation, augmentation)(inputs, progress, generator, index=index, epoch=epoch)
    return cast(Augmentation, augmentation)(inputs, progress, generator)


def image_size(inputs: Tensor) -> tuple[int, int, int]:
    """(B, H, W) of a batch of images. Raises ValueError where it is not (B, C, H, W) of floating point."""
    if inputs.ndim != 4 or not inputs.is_floating_point():
        raise ValueError(
            "augmentations take images (B, C, H, W) of floating point, not "
            f"{inputs.dtype} of shape {tuple(inputs.shape)}; leave them out for data that is not images"
        )
    return inputs.shape[0], inputs.shape[2], inputs.shape[3]


def gather_pixels(inputs: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Images whose pixel (h, w) is pixel (rows[b, h], columns[b, w]) of image b of `inputs`.

    `rows` is int64 (B, H) or (1, H), `columns` (B, W) or (1, W), both on the device of `inputs`. One copy of whole
    pixels, so fastest where `inputs` is channels_last.
    """
    batch, channels, height, width = inputs.shape
    image = torch.arange(batch, device=inputs.device)[:, None, None]
    pixel = (image * height + rows[:, :, None]) * width + columns[:, None, :]
    pixels = inputs.permute(0, 2, 3, 1).reshape(batch * height * width, channels)
    moved = pixels.index_select(0, pixel.flatten()).view(batch, height, width, channels).permute(0, 3, 1, 2)
    return moved if inputs.is_contiguous(memory_format=torch.channels_last) else moved.contiguous()


def mirror(inputs: Tensor, mirrored: Tensor) -> Tensor:
    """`inputs` with those images mirrored left to right for which `mirrored`, bool (B,) on their device, is true."""
    _, height, width = image_size(inputs)
    columns = torch.arange(width, device=inputs.device)
    columns = torch.where(mirrored[:, None], columns.flip(0), columns)
    return gather_pixels(inputs, torch.arange(height, device=inputs.device)[None], columns)
