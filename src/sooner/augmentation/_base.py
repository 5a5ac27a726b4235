"""The augmentation protocol: what an example looks like now."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Augmentation(Protocol):
    """Changes a batch of normalised images, and leaves the one it was given as it is.

    `inputs` is (B, C, H, W) float on any device, `progress` the share of the training budget spent, in [0, 1]. All
    random numbers come from `generator`, a CPU generator on every device, so that a run on an accelerator sees the
    same changes as one on the CPU. Returns a tensor of the same shape, dtype, device and memory format.
    """

    def __call__(self, inputs: Tensor, progress: float, generator: torch.Generator, /) -> Tensor: ...


def image_size(inputs: Tensor) -> tuple[int, int, int]:
    """(B, H, W) of a batch of images. Raises ValueError where it is not (B, C, H, W) of floating point."""
    if inputs.ndim != 4 or not inputs.is_floating_point():
        raise ValueError(
            "augmentations take normalised images (B, C, H, W) of floating point, not "
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
