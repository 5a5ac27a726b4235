"""The samplers that methods which choose by score are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def random_data(options: Mapping[str, Any], fraction: float, period: int = 1) -> Mapping[str, Any]:
    """A random `fraction` of the examples, redrawn every `period` rounds; with all of them plain reshuffling."""
    kept = {"drop_last": options.get("drop_last", False)}
    if fraction >= 1:
        return {"name": "reshuffle", **kept}
    return {"name": "dynamic-random", "fraction": round(fraction, 6), "period": period, **kept}


def matched(name: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The method itself, which picks as many as ever, but random ones: for those whose number the losses decide."""
    return {"name": name, **options, "matched": True}
