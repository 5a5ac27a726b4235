"""Augmentations by name."""

from __future__ import annotations

from typing import Any

from sooner import registry
from sooner.augmentation._base import Augmentation


def names() -> list[str]:
    """The names of the registered augmentations, sorted."""
    return [method.name for method in registry.methods(seam="augmentation")]


def make(name: str, **options: Any) -> Augmentation:
    """The registered augmentation `name` with its `options`.

    Raises:
        KeyError: no augmentation has that name; the message lists those there are.
        TypeError: it has no such option; the message lists its options.
        ValueError: a value is out of range.
    """
    augmentation: Augmentation = registry.make("augmentation", name, {}, options)
    return augmentation
