"""What of the page changes with the target, in as few bytes as the page can turn back into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

Plot = Mapping[str, Any]


def text_changes(texts: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The texts by place, one mapping per target, as {"strings": [...], "places": {place: [position per target]}}.

    Places whose text never changes are left out. All mappings must have the same places.

    Raises:
        ValueError: they differ in their places.
    """
    if any(at.keys() != texts[0].keys() for at in texts):
        raise ValueError("the page must have the same places at every target")
    positions: dict[str, int] = {}
    places = {}
    for place in texts[0]:
        versions = [at[place] for at in texts]
        if any(text != versions[0] for text in versions):
            places[place] = [positions.setdefault(text, len(positions)) for text in versions]
    return {"strings": list(positions), "places": places}


def plot_changes(base: Plot, at: Plot) -> dict[str, Any]:
    """What makes a plot of one at another target: its layout's new values, and its traces by their `uid`.

    `at` needs to hold those traces only that move; its other traces are those of `base`.
    """
    traces = {trace["uid"]: trace for trace in base["data"] if "uid" in trace}
    moved = {trace["uid"]: _difference(traces[trace["uid"]], trace) for trace in at["data"] if "uid" in trace}
    changes = {
        "data": {uid: change for uid, change in moved.items() if change},
        **{key: _difference(base[key], at[key]) for key in ("layout", "log", "zoom") if key in at},
    }
    return {key: change for key, change in changes.items() if change}


def _are_mappings(value: Any) -> TypeGuard[list[Mapping[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _difference(base: Mapping[Any, Any], at: Mapping[Any, Any]) -> dict[Any, Any]:
    """The part of `at` that differs from `base`, two mappings of the same keys.

    Lists of mappings, as a layout's lines and notes, are compared item by item.
    """
    change: dict[Any, Any] = {}
    for key, value in at.items():
        old = base.get(key)
        if value == old:
            continue
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            change[key] = _difference(old, value)
        elif _are_mappings(value) and _are_mappings(old) and len(value) == len(old):
            change[key] = _difference(dict(enumerate(old)), dict(enumerate(value)))
        else:
            change[key] = value
    return change
