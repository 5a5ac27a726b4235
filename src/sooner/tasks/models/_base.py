"""What the architectures share: the record of a model known by name, and the check of the shape it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from sooner.errors import RecipeError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class ModelInfo:
    """A model known by name.

    Attributes:
        name: as recipes and the command line call it.
        summary: one line about it.
        make: takes the shape of one input and the number of classes, returns the model freshly initialised from
            torch's global generator; `build` is the way to call it.
    """

    name: str
    summary: str
    make: Callable[[Shape, int], nn.Module]


def image_channels(model: str, shape: Shape, *, smallest: int = 1) -> int:
    """The channels of an image shape (C, H, W). Raises RecipeError if it is none, or H or W is below `smallest`."""
    if len(shape) != 3:
        raise RecipeError(
            f"{model} takes images of shape (C, H, W), but an input of this data has shape {shape}; use the model 'mlp'"
        )
    if min(shape[1:]) < smallest:
        raise RecipeError(
            f"{model} takes images of at least {smallest}x{smallest} pixels, but these are {shape[1]}x{shape[2]}; "
            "use the model 'mlp' or 'resnet20', or enlarge the images"
        )
    return shape[0]


def he_initialise(model: nn.Module) -> None:
    """Draw every convolution's weights from N(0, 2 / fan_out) (He et al. 2015), which residual nets start from."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
