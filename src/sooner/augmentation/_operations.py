"""The operations of RandAugment, each on a batch of images in [0, 1].

Each takes images (B, C, H, W) float32 and `amount` (B,) float32 in [-1, 1] on their device, the signed share of the
operation's range, and gives new images. They are those of Pillow without its rounding to 256 levels after each; what
works on levels, `equalize` and `posterize`, rounds to them first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Operation = Callable[[Tensor, Tensor], Tensor]

_ANGLE, _SHEAR, _SHIFT = math.radians(30), 0.3, 0.45  # the last a share of the height or width
_STRENGTH = 0.9  # of what blends


def autocontrast(images: Tensor, amount: Tensor) -> Tensor:
    """Each channel stretched linearly to [0, 1]; one that is constant stays."""
    pixels = images.flatten(2)  # contiguous, along which this is four times as fast as in channels_last
    low, high = pixels.amin(2)[:, :, None, None], pixels.amax(2)[:, :, None, None]
    constant = high <= low
    return torch.where(constant, images, (images - low) / (high - low).where(~constant, 1.0))


def equalize(images: Tensor, amount: Tensor) -> Tensor:
    """Each channel's levels mapped so that equally many pixels have each.

    Pillow's whole-number arithmetic is part of the definition: a level is worth `step` pixels, rounded down, so images
    of few pixels come out brighter than even, and those of fewer than 255 stay.
    """
    pixels = images.shape[2] * images.shape[3]
    level = (images * 255).round().clamp(0, 255).to(torch.int64).reshape(-1, pixels)
    count = level.new_zeros(len(level), 256).scatter_add_(1, level, torch.ones_like(level))
    brightest = count.gather(1, level.amax(1, keepdim=True))
    step = (pixels - brightest) // 255
    darker = count.cumsum(1) - count
    even = ((darker + step // 2) // step.clamp(min=1)).clamp(max=255)
    table = torch.where(step == 0, torch.arange(256, device=images.device), even)
    return (table.gather(1, level) / 255).to(images.dtype).view(images.shape)


def solarize(images: Tensor, amount: Tensor) -> Tensor:
    """Pixels of a threshold's level or above inverted; it falls from 256 to 0 as the amount rises."""
    threshold = 256 * (1 - _each(amount.abs()))
    return torch.where(images * 255 > threshold - 0.5, 1 - images, images)


def posterize(images: Tensor, amount: Tensor) -> Tensor:
    """Only the uppermost bits of each level kept, 8 down to 4 of them."""
    width = _each(2 ** (4 * amount.abs()).round())
    return ((images * 255).round() / width).floor() * width / 255


def color(images: Tensor, amount: Tensor) -> Tensor:
    """Blended with its grey version, or away from it; images of other than three channels stay."""
    return _blended(_grey(images), images, amount) if images.shape[1] == 3 else images


def contrast(images: Tensor, amount: Tensor) -> Tensor:
    """Blended with the mean of its grey version, or away from it."""
    return _blended(_grey(images).mean((2, 3), keepdim=True), images, amount)


def brightness(images: Tensor, amount: Tensor) -> Tensor:
    """Blended with black, or away from it."""
    return _blended(images.new_zeros(()), images, amount)


def sharpness(images: Tensor, amount: Tensor) -> Tensor:
    """Blended with its smooth version, or away from it; pixels at the edge have no smooth version and stay."""
    batch, channels, height, width = images.shape
    if min(height, width) < 3:
        return images
    kernel = torch.ones(1, 1, 3, 3, device=images.device, dtype=images.dtype)
    kernel[0, 0, 1, 1] = 5
    smooth = images.clone()
    inner = F.conv2d(images.reshape(batch * channels, 1, height, width), kernel / 13)
    smooth[:, :, 1:-1, 1:-1] = inner.view(batch, channels, height - 2, width - 2)
    return _blended(smooth, images, amount)


PIXELWISE: dict[str, Operation] = {
    "autocontrast": autocontrast,
    "equalize": equalize,
    "solarize": solarize,
    "color": color,
    "posterize": posterize,
    "contrast": contrast,
    "brightness": brightness,
    "sharpness": sharpness,
}
GEOMETRIC = ("rotate", "shear-x", "shear-y", "translate-x", "translate-y")


def maps(drawn: dict[str, Tensor], amount: Tensor, height: int, width: int) -> Tensor:
    """(B, 2, 3): where each pixel of each new image comes from, for `warped`.

    Args:
        drawn: bool (B,) by name of `GEOMETRIC`: which images are turned, sheared or moved, each in at most one way.
        amount: (B,) in [-1, 1]. About the centre; moved by whole pixels, as bilinear interpolation blurs.
    """
    own = {name: torch.where(drawn[name], amount, 0.0) for name in GEOMETRIC}
    angle = _ANGLE * own["rotate"]
    map_ = torch.zeros(len(amount), 2, 3)
    map_[:, 0, 0] = map_[:, 1, 1] = angle.cos()
    # Coordinates are shares of the image, so what mixes the axes is scaled by its aspect.
    map_[:, 0, 1] = (_SHEAR * own["shear-x"] + angle.sin()) * height / width
    map_[:, 1, 0] = (_SHEAR * own["shear-y"] - angle.sin()) * width / height
    map_[:, 0, 2] = 2 * (_SHIFT * width * own["translate-x"]).round() / width
    map_[:, 1, 2] = 2 * (_SHIFT * height * own["translate-y"]).round() / height
    return map_


def warped(images: Tensor, map_: Tensor, fill: float) -> Tensor:
    """`images` by `maps`, bilinear; what comes from outside is `fill`."""
    grid = F.affine_grid(map_, list(images.shape), align_corners=False)
    return F.grid_sample(images - fill, grid, align_corners=False) + fill


def _blended(other: Tensor, images: Tensor, amount: Tensor) -> Tensor:
    return (other + _each(1 + _STRENGTH * amount) * (images - other)).clamp(0, 1)


def _grey(images: Tensor) -> Tensor:
    if images.shape[1] != 3:
        return images.mean(1, keepdim=True)
    red, green, blue = images.unbind(1)
    return (0.299 * red + 0.587 * green + 0.114 * blue)[:, None]


def _each(amount: Tensor) -> Tensor:
    return amount[:, None, None, None]
