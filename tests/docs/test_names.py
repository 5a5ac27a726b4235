"""Dotted names in pages, `sooner.recipes.Recipe`, are of modules and objects that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = sorted({name for page in PAGES for name in re.findall(r"\bsooner(?:\.\w+)+", page.read_text())})


def object_of(name: str) -> object:
    """A module, or what is in one; a function may have the name of its module, so the longest module counts."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"there is no module {parts[0]}")


@pytest.mark.parametrize("name", NAMED)
def test_a_dotted_name_is_there(name: str) -> None:
    assert object_of(name) is not None


def test_a_name_that_is_gone_is_found_out() -> None:
    for name in ("sooner.recipes.Recipes", "sooner.racing.conduct"):
        with pytest.raises(AttributeError):
            object_of(name)
