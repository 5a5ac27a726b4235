"""Augmentations by name."""

from __future__ import annotations

from typing import Any

from sooner.augmentation._base import Augmentation
from sooner.registry import get, methods


def names() -> list[str]:
    """The names of the registered augmentations, sorted."""
    return [method.name for method in methods(seam="augmentation")]


def make(name: str, **options: Any) -> Augmentation:
    """The registered augmentation `name` with its `options`.

    Raises:
        KeyError: no augmentation has that name; the message lists those there are.
        TypeError: it has no such option; the message lists its options.
        ValueError: a value is out of range.
    """
    method = get("augmentation", name)
    unknown = sorted(set(options) - set(method.options))
    if unknown:
        known = ", ".join(method.options) or "none"
        raise TypeError(f"{name} has no option {', '.join(unknown)}; its options are: {known}")
    augmentation: Augmentation = method.make(**options)
    return augmentation
