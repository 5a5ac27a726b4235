"""Machine, versions and data as pairs of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sooner.reporting import format as words
from sooner.results.records import Results

_SHOWN = 12  # items of a list


def facts(results: Results) -> dict[str, list[tuple[str, str]]]:
    """What is known of each, by heading."""
    machine = {"device": results.device, **results.machine}
    price = results.price_per_hour
    return {
        "Machine": [*_pairs(machine), *([("price of an hour", words.money(price))] if price is not None else [])],
        "Versions": _pairs(results.versions),
        "Data": _pairs(results.data),
    }


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [_named(key, _fact(value)) for key, value in values.items() if value is not None]


def _named(key: str, text: str) -> tuple[str, str]:
    """A key of the results as people would write it, its unit behind the value."""
    if key.endswith("_gib"):
        key, text = key.removesuffix("_gib"), f"{text} GiB"
    return key.removeprefix("n_").replace("_", " "), text


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_fact(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        shown = ", ".join(_fact(item) for item in value[:_SHOWN])
        return f"{shown}, ... ({len(value)} in all)" if len(value) > _SHOWN else shown
    return str(value)
