"""The masks that a method which chooses by score is held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def random_masks(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """As many live weights, in layers by the usual rule of thumb (ERK), chosen at random before training."""
    kept = {name: options[name] for name in ("density", "exclude") if name in options}
    return {"name": "random-pruning", "distribution": "erk", **kept}


def random_from_dense(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """As many live weights at every step of a method that begins with all of them, those that die chosen at random."""
    kept = {name: options[name] for name in ("density", "start", "until", "every", "exclude") if name in options}
    return {"name": "magnitude-gradual", "distribution": "erk", "matched": True, **kept}
