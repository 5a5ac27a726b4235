"""Dotted names in pages, `sooner.recipes.Recipe`, are of modules and objects that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = sorted({name for page in PAGES for name in re.findall(r"\bsooner(?:\.\w+)+", page.read_text())})


@pytest.mark.parametrize("name", NAMED)
def test_a_dotted_name_is_there(name: str) -> None:
    found = import_module("sooner")
    at = "sooner"
    for part in name.split(".")[1:]:
        at = f"{at}.{part}"
        if not hasattr(found, part):
            import_module(at)
        found = getattr(found, part)
