"""What CONTRIBUTING.md says of seams and files is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sooner.seams import SEAMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
FILES = sorted(
    {name for name in re.findall(r"`((?:src|tests|docs|examples)/[\w./-]*)`", PAGE) if name != "docs/_build"}
)


def test_the_table_of_seams_is_that_of_their_records() -> None:
    table = re.findall(r"^ +\| `(\w+)` \| ([^|]+) \| (.+) \|$", PAGE, flags=re.MULTILINE)
    assert [(name, question) for name, question, _ in table] == [(seam.name, seam.question) for seam in SEAMS]
    for name, _, examples in table:
        for example in re.findall(r"`([\w.]+)`", examples):
            assert (ROOT / "src" / "sooner" / name / example).is_file()


@pytest.mark.parametrize("name", FILES)
def test_a_file_or_folder_that_is_named_exists(name: str) -> None:
    assert (ROOT / name).exists()
