"""Inputs as a net takes them: float32, of mean 0 and deviation 1 in each channel, channels_last."""

from __future__ import annotations

import torch
from torch import Tensor

from sooner.sampling import Permutation
from sooner.tasks import Examples

_SAMPLE = 10_000  # examples: the mean is then known to a hundredth of the deviation even if each were one pixel
_BYTES = 2**24  # of images held at a time


class Normalise:
    """Turns stored inputs into a net's: uint8 images into float32 (x / 255 - mean) / std, rows into (x - mean) / std.

    Args:
        mean: (C,) of the channels, in [0, 1], or (F,) of the columns; None for 0.
        std: likewise, above 0; None for 1. Give both or neither.
        device: where the inputs will be.

    Raises ValueError if only one is given, their shapes differ, or a deviation is not above 0.
    """

    def __init__(self, mean: Tensor | None, std: Tensor | None, device: torch.device) -> None:
        if (mean is None) != (std is None):
            raise ValueError("give both mean and std, or neither")
        self._mean = self._std = None
        if mean is not None and std is not None:
            if mean.ndim != 1 or mean.shape != std.shape or not bool((std > 0).all()):
                raise ValueError(
                    "mean and std must hold one number per channel, (C,), and std be above 0; they are "
                    f"{mean.tolist()} and {std.tolist()}"
                )
            self._mean, self._std = mean.to(device, torch.float32), std.to(device, torch.float32)

    def __call__(self, inputs: Tensor) -> Tensor:
        """`inputs` (B, C, H, W) uint8 to float32 channels_last, or (B, F) float32 to float32.

        Raises ValueError if they have another number of channels than `mean`.
        """
        if inputs.ndim == 2:
            self._check(inputs)
            return inputs if self._mean is None or self._std is None else (inputs - self._mean) / self._std
        batch, channels, height, width = inputs.shape
        if self._mean is None or self._std is None:
            return unit_range(inputs)
        self._check(inputs)
        # Over rows of W * C neighbours in memory: along C alone the loop would be too short to vectorise, and three
        # times as slow.
        rows = inputs.permute(0, 2, 3, 1).reshape(batch * height, width * channels).float()
        scale = (1 / (255 * self._std)).repeat(width)
        shift = (-self._mean / self._std).repeat(width)
        return torch.addcmul(shift, rows, scale).view(batch, height, width, channels).permute(0, 3, 1, 2)

    def units(self, images: Tensor) -> Tensor:
        """`images` (B, C, H, W) float32 in [0, 1], as `unit_range` gives them, normalised. Raises as the call does."""
        if self._mean is None or self._std is None:
            return images
        self._check(images)
        return (images - self._mean[:, None, None]) / self._std[:, None, None]

    def _check(self, inputs: Tensor) -> None:
        if self._mean is not None and len(self._mean) != inputs.shape[1]:
            raise ValueError(f"mean and std are of {len(self._mean)} channels, but the inputs have {inputs.shape[1]}")


def unit_range(inputs: Tensor) -> Tensor:
    """Images (B, C, H, W) uint8 as float32 in [0, 1], channels_last; rows of a table as they are."""
    return inputs if inputs.ndim == 2 else inputs.to(torch.float32, memory_format=torch.channels_last).div_(255)


def channel_statistics(examples: Examples) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of images, both (C,) float32 on the CPU, in units of [0, 1].

    Over all images, or 10,000 drawn at random where there are more, always the same ones, read a few at a time; exact
    for those. A channel that never varies has deviation 1. Rows of a table are standardised when they are read, and
    their indicator columns are meant to stay 0 or 1, so for rows these are zeros and ones.
    """
    n = len(examples)
    if n == 0:
        raise ValueError("there is no example to take the mean of")
    drawn = torch.arange(n) if n <= _SAMPLE else Permutation(n, seed=0)[:_SAMPLE].sort().values  # sorted: disks like it
    inputs, _ = examples.fetch(drawn[:1])
    if inputs.ndim == 2:
        return torch.zeros(inputs.shape[1]), torch.ones(inputs.shape[1])
    channels = inputs.shape[1]
    counts = torch.zeros(channels, 256, dtype=torch.float64)
    size = max(1, _BYTES // inputs[0].numel())
    for start in range(0, len(drawn), size):
        images, _ = examples.fetch(drawn[start : start + size])
        counts += torch.stack([images[:, c].flatten().bincount(minlength=256) for c in range(channels)]).cpu()
    level = torch.arange(256, dtype=torch.float64) / 255
    share = counts / counts.sum(1, keepdim=True)
    mean = share @ level
    variance = (share * (level - mean[:, None]) ** 2).sum(1)
    std = torch.where(variance > 0, variance.sqrt(), 1.0)
    return mean.float(), std.float()
