"""Augmentations by name."""

from __future__ import annotations

from typing import Any

from sooner import registry
from sooner.augmentation._base import Augmentation, IndexedAugmentation


def names() -> list[str]:
    """The names of the registered augmentations, sorted."""
    return [method.name for method in registry.methods(seam="augmentation")]


def make(name: str, *, seed: int = 0, **options: Any) -> Augmentation | IndexedAugmentation:
    """The registered augmentation `name` with its `options`.

    `seed` is for those that decide by the example's index; the others, whose random numbers come from the generator
    that they are called with, ignore it.

    Raises:
        KeyError: no augmentation has that name; the message lists those there are.
        TypeError: it has no such option; the message lists its options.
        ValueError: a value is out of range.
    """
    augmentation: Augmentation | IndexedAugmentation = registry.make("augmentation", name, {"seed": seed}, options)
    return augmentation
