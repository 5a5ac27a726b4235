"""Losses by name."""

from __future__ import annotations

from typing import Any

from sooner import registry
from sooner.losses._base import Loss


def make(name: str, *, n: int, classes: int, **options: Any) -> Loss:
    """The registered loss `name`.

    Args:
        name: as in `sooner.registry.methods(seam="losses")`.
        n: number of training examples.
        classes: number of classes, and of outputs.
        options: the loss's own.

    Raises:
        KeyError: no loss has that name; the message lists those there are.
        TypeError: it has no such option; the message lists its options.
        ValueError: a value is out of range.
    """
    loss: Loss = registry.make("losses", name, {"n": n, "classes": classes}, options)
    return loss
