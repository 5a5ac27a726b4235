"""What has been measured of each method, in the words of the benchmark that did it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sooner.registry import Method

_FILE = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class Measured:
    """One result.

    Attributes:
        found: a sentence with the figures.
        on: data, model, pairs.
        benchmark: the folder of the repository that has the script and all numbers.
    """

    found: str
    on: str
    benchmark: str


def measured(method: Method) -> list[Measured]:
    """The results for `method`, as `measured.json` lists them under "seam/name"."""
    return [Measured(**fields) for fields in _all().get(f"{method.seam}/{method.name}", [])]


@cache
def _all() -> dict[str, list[dict[str, str]]]:
    results: dict[str, list[dict[str, str]]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return results
