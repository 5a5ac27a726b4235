"""The masks that a method which chooses by score is held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def random_masks(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """As many live weights, in layers by the usual rule of thumb (ERK), chosen at random before training."""
    kept = {name: options[name] for name in ("density", "exclude") if name in options}
    return {"name": "random-pruning", "distribution": "erk", **kept}
