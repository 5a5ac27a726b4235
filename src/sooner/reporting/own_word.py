"""What a race takes from its lanes as they tell it: a program or a function measures and counts itself."""

from __future__ import annotations

from collections.abc import Iterable

from sooner.reporting.check import Check
from sooner.reporting.summary import contestants, has_examples
from sooner.results.records import Results


def own_word(results: Results) -> Iterable[Check]:
    """One check of every race of programs or functions; of recipes the race measures and counts itself."""
    what = contestants(results)
    if what == "recipes":
        return
    counted = " So is its count of examples, and with it every figure in examples." if has_examples(results) else ""
    yield Check(
        "caution",
        "Own word",
        f"The metric is each lane's own word, as a race of {what} cannot measure it.{counted} Have all lanes call one "
        "function, on the same examples, that none of them trains on.",
    )
