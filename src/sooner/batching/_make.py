"""Batching methods by name."""

from __future__ import annotations

from typing import Any

from sooner import registry
from sooner.batching._base import Batching


def make(name: str, *, batch_size: int, **options: Any) -> Batching:
    """The registered batching method `name` for a sampler with batches of `batch_size`.

    Args:
        name: as in `sooner.registry.methods(seam="batching")`.
        batch_size: see `Batching`.
        options: the method's own.

    Raises:
        KeyError: no method has that name; the message lists those there are.
        TypeError: the method has no such option, or one that it needs is not given; or it changes a model, as ghost
            batch norm does, and is no controller of steps.
        ValueError: a value is out of range.
    """
    if "model" in registry.get("batching", name).parameters:
        raise TypeError(f"{name} changes a model and has no steps to control: call it on the model")
    batching: Batching = registry.make("batching", name, {"batch_size": batch_size}, options)
    return batching
