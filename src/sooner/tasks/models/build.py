"""Models by name."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from sooner._names import closest
from sooner.errors import RecipeError
from sooner.random import derive
from sooner.tasks.models._base import ModelInfo, Shape
from sooner.tasks.models.convnet import ConvNet
from sooner.tasks.models.mlp import mlp
from sooner.tasks.models.own import from_factory
from sooner.tasks.models.resnet18 import ResNet18
from sooner.tasks.models.resnet20 import ResNet20
from sooner.tasks.models.wide_resnet import WideResNet16

_MODELS = (
    ModelInfo("mlp", "two hidden layers of 256 with ReLU: for tables, and images flattened", mlp),
    *(
        ModelInfo(
            f"convnet-{width}",
            f"five 3x3 convolutions, {width} to {8 * width} channels: learns in few epochs, runs fast on a CPU",
            partial(ConvNet, width=width),
        )
        for width in (16, 32, 64)
    ),
    ModelInfo("resnet20", "ResNet-20 for small images (He et al. 2016), shortcuts without parameters", ResNet20),
    ModelInfo("resnet18", "ResNet-18 (He et al. 2016) with a 3x3 stem and no max-pool, for small images", ResNet18),
    ModelInfo(
        "wrn-16-4",
        "wide residual net, 16 layers, 4 times as wide (Zagoruyko and Komodakis 2016)",
        partial(WideResNet16, widen=4),
    ),
)


def models() -> list[ModelInfo]:
    """The models known by name, smallest kinds first."""
    return list(_MODELS)


def build(name: str, shape: Shape, classes: int, *, seed: int) -> nn.Module:
    """A freshly initialised model on the CPU, in training mode, whose parameters depend on these arguments alone.

    The global generators are left as they were. Models known by name are channels_last in memory.

    Args:
        name: one of `models()`, or `module:factory`, called as `factory(shape=shape, classes=classes)`. A factory
            must draw from torch's global CPU generator for its model to depend on the seed.
        shape: of one input, (C, H, W) or (F,); the model takes float32 (B, *shape).
        classes: number of logits, at least 2; the model returns (B, classes).
        seed: any integer.

    Raises:
        RecipeError: no model has that name, or this one cannot take that shape, or the user's own cannot be made.
        ValueError: `shape` is not of positive sizes, or there are fewer than two classes.
    """
    if not shape or min(shape) < 1:
        raise ValueError(f"shape must be the positive sizes of one input, (C, H, W) or (F,), not {shape}")
    if classes < 2:
        raise ValueError(f"classes must be at least 2, not {classes}")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive(seed, "model"))
        if ":" in name:
            return from_factory(name, shape, classes)
        for info in _MODELS:
            if info.name == name:
                return info.make(shape, classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
    known = closest(name, [info.name for info in _MODELS])
    raise RecipeError(f"no model is named '{name}'; {known}, and your own as module:factory")
