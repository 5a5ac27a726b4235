"""Structure methods by name."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from sooner import registry


def make(name: str, model: nn.Module, inputs: Tensor, *, optimizer: Optimizer | None = None, **options: Any) -> Any:
    """Apply the registered structure method `name` to `model`.

    What takes no optimizer acts at once, before one is made, and returns what it did. What takes one returns an object
    with `step(progress)`, to be called after each step of the optimizer.

    Args:
        name: as in `sooner.registry.methods(seam="structure")`.
        model: changed in place.
        inputs: an example batch, (B, C, H, W) or (B, F).
        optimizer: over the model's parameters; for a method that acts during training.
        options: the method's own.

    Raises:
        KeyError: no method has that name; the message lists those there are.
        TypeError: the method has no such option, or one that it needs is not given; or it acts during training and
            `optimizer` is not given, or at the start and it is.
        ValueError: a value is out of range.
        StructureError: the model cannot be made smaller.
    """
    takes = "optimizer" in registry.get("structure", name).parameters
    if takes != (optimizer is not None):
        raise TypeError(
            f"{name} acts during training: give it the optimizer"
            if takes
            else f"{name} acts before training: make the optimizer afterwards, on the smaller model"
        )
    return registry.make("structure", name, {"model": model, "inputs": inputs, "optimizer": optimizer}, options)
