from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import torch

from sooner._words import number_of
from sooner.errors import DataError
from sooner.sampling import Reshuffling
from sooner.tasks.split import require

SOURCE = Path(__file__).parents[1] / "src/sooner"
SHOWN = ("cards", "commands", "racing", "reporting", "results", "statistics", "tasks")  # packages with text for users
# What can be one. Of ranks, classes and the like there are always several where a message counts them.
COUNTED = (
    r" (?:more |fresh |missing |training )?(?:pairs|runs|seeds|lanes|epochs|looks|examples|images|rows|columns)\b(?!/)"
)
ALWAYS_SEVERAL = {"MIN_PAIRS", "max_pairs", "looks", "c.looks", "runs", "plan.pairs", "len(all_pairs)"}
VERBS = {"lane.name", "self.name", "spec", "test.origin"}  # "... runs", "... lacks columns"
OWNERS = {"_own(lanes)", "their"}  # "its runs"


@pytest.mark.parametrize(
    ("amount", "noun", "said"),
    [
        (0, "run", "0 runs"), (1, "run", "1 run"), (2, "run", "2 runs"), (13500, "run", "13,500 runs"),
        (1, "batch", "1 batch"), (2, "batch", "2 batches"), (1, "class", "1 class"), (3, "class", "3 classes"),
        (1, "more comparison", "1 more comparison"), (2, "more comparison", "2 more comparisons"),
    ],
)  # fmt: skip
def test_one_is_singular_and_all_else_plural(amount: int, noun: str, said: str) -> None:
    assert number_of(amount, noun) == said


def test_messages_about_one() -> None:
    with pytest.raises(DataError, match=r"needs at least 1 example \(why\)"):
        require(torch.tensor([3, 0]), 1, "why")
    with pytest.raises(ValueError, match="round 0 has 1 example, too few for a full batch of 2"):
        len(Reshuffling(1, 2, drop_last=True))


def test_no_text_counts_what_may_be_one_without_number_of() -> None:
    found = []
    for path in [path for package in SHOWN for path in (SOURCE / package).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            for before, after in zip(node.values, node.values[1:], strict=False):
                if (
                    isinstance(before, ast.FormattedValue)
                    and isinstance(after, ast.Constant)
                    and re.match(COUNTED, str(after.value))
                    and ast.unparse(before.value) not in ALWAYS_SEVERAL | VERBS | OWNERS
                ):
                    found.append(f"{path.relative_to(SOURCE)}: {ast.unparse(before.value)}{str(after.value)[:20]}")
    assert found == []
