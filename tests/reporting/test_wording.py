"""Every form of a verdict in words."""

from __future__ import annotations

import pytest

from sooner.reporting.wording import change, verdict
from sooner.results.changes import Change
from sooner.results.rescoring import compared, withhold
from sooner.results.verdict import Cause, Reason
from sooner.statistics.comparison import ComparisonFigures


def _figures(
    ratio: float | None,
    ci_low: float | None,
    ci_high: float | None,
    pairs: int = 8,
    missed: int = 0,
    against_missed: int = 0,
    looks: int = 1,
    alpha: float = 0.05,
) -> ComparisonFigures:
    hits, against_hits = pairs - missed, pairs - against_missed
    return ComparisonFigures(ratio, ci_low, ci_high, pairs, 0.5, hits, against_hits, 19, looks, alpha)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (_figures(1.43, 1.21, 1.66), "faster: 1.43x (95% CI 1.21 to 1.66, 8 pairs)"),
        (_figures(0.71, 0.6, 0.86), "slower: 0.71x (95% CI 0.60 to 0.86, 8 pairs)"),
        (_figures(0.98, 0.90, 1.07), "no difference shown: 0.98x (95% CI 0.90 to 1.07, 8 pairs)"),
        (_figures(1.0, 1.0, 1.0), "no difference shown: 1.00x (95% CI 1.00 to 1.00, 8 pairs)"),
        (_figures(1.01, 1.002, 1.03), "faster: 1.01x (95% CI 1.002 to 1.03, 8 pairs)"),
        (_figures(24.04, 0.043, 1234.5), "no difference shown: 24x (95% CI 0.043 to 1234, 8 pairs)"),
        (
            _figures(1.4, 1.2, 1.7, pairs=12, against_missed=1),
            "faster: 1.40x (95% CI 1.20 to 1.70, 12 pairs; baseline missed the target in 1)",
        ),
        (
            _figures(None, 1.2, None, against_missed=3),
            "faster: at least 1.20x (95% CI, 8 pairs; baseline missed the target in 3)",
        ),
        (
            _figures(None, 1.2, None, against_missed=8),
            "faster: at least 1.20x (95% CI, 8 pairs; baseline missed the target in 8)",
        ),
        (
            _figures(0.5, None, 0.8, missed=3),
            "slower: at most 0.80x (95% CI, 8 pairs; missed the target in 3)",
        ),
        (
            _figures(1.1, 0.9, None, against_missed=2),
            "no difference shown: at least 0.90x (95% CI, 8 pairs; baseline missed the target in 2)",
        ),
        (
            _figures(1.1, None, 1.3, missed=2),
            "no difference shown: at most 1.30x (95% CI, 8 pairs; missed the target in 2)",
        ),
        (
            _figures(None, None, None, missed=3, against_missed=4),
            "no difference shown: the censored runs leave the ratio open "
            "(8 pairs; missed the target in 3, baseline in 4)",
        ),
        (
            _figures(None, None, None),
            "no difference shown: reached by the first evaluation; raise the target or evaluate more often (8 pairs)",
        ),
        (_figures(None, None, None, pairs=6, missed=6), "target not reached: 0 of 6 runs within its budget"),
        (
            _figures(None, None, 0.7, missed=8),
            "target not reached: 0 of 8 runs within its budget; slower: at most 0.70x (95% CI)",
        ),
        (
            _figures(None, None, 1.7, missed=8),
            "target not reached: 0 of 8 runs within its budget; at most 1.70x (95% CI)",
        ),
        (_figures(None, None, None, pairs=3, missed=3), "target not reached: 0 of 3 runs within its budget"),
        (
            _figures(None, 0.85, None, against_missed=8),
            "target not reached by baseline: 0 of 8 runs within its budget; at least 0.85x (95% CI)",
        ),
        (
            _figures(None, None, None, pairs=6, missed=6, against_missed=6),
            "neither lane reached the target within its budget: 0 of 6 runs each",
        ),
        (_figures(1.5, None, None, pairs=3), "too few pairs: 3; 6 can decide; about 19 needed to see 10%"),
        (
            _figures(1.5, None, None, pairs=5, against_missed=5),
            "too few pairs: 5; 6 can decide; about 19 needed to see 10%",
        ),
        (_figures(None, None, None, pairs=0), "too few pairs: 0; 6 can decide; about 19 needed to see 10%"),
    ],
)
def test_the_words(figures: ComparisonFigures, words: str) -> None:
    assert verdict(compared("a", "baseline", figures)) == words


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (
            _figures(1.43, 1.21, 1.66, pairs=12, looks=3, alpha=0.01),
            "faster: 1.43x (95% CI 1.21 to 1.66 over 3 looks, 12 pairs)",
        ),
        (
            _figures(None, 1.2, None, pairs=12, against_missed=3, looks=3, alpha=0.01),
            "faster: at least 1.20x (95% CI over 3 looks, 12 pairs; baseline missed the target in 3)",
        ),
        (
            _figures(None, None, 0.7, missed=8, looks=2, alpha=0.01),
            "target not reached: 0 of 8 runs within its budget; slower: at most 0.70x (95% CI over 2 looks)",
        ),
        (_figures(1.5, None, None, pairs=7, alpha=0.0), "too few pairs: 7; about 19 needed to see 10%"),
        (_figures(1.5, None, None, pairs=20, alpha=0.0), "too few pairs: 20"),
        (_figures(1.5, None, None, pairs=6, alpha=0.02), "too few pairs: 6; 7 can decide; about 19 needed to see 10%"),
    ],
)
def test_the_words_of_a_race_that_is_looked_at(figures: ComparisonFigures, words: str) -> None:
    assert verdict(compared("a", "baseline", figures)) == words


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (_figures(1.01, 0.95, 1.07), "equal within 10%: 1.01x (95% CI 0.95 to 1.07, 8 pairs)"),
        (
            _figures(1.01, 0.95, 1.07, pairs=12, looks=5),
            "equal within 10%: 1.01x (95% CI 0.95 to 1.07 over 5 looks, 12 pairs)",
        ),
        (_figures(0.96, 0.85, 1.08), "not faster by 10%: 0.96x (95% CI 0.85 to 1.08, 8 pairs)"),
        (
            _figures(None, None, 1.08, missed=2),
            "not faster by 10%: at most 1.08x (95% CI, 8 pairs; missed the target in 2)",
        ),
        (_figures(0.98, 0.85, 1.12), "no difference shown: 0.98x (95% CI 0.85 to 1.12, 8 pairs)"),
        (_figures(1.04, 1.02, 1.06), "faster: 1.04x (95% CI 1.02 to 1.06, 8 pairs)"),
        (_figures(0.96, 0.93, 0.98), "slower: 0.96x (95% CI 0.93 to 0.98, 8 pairs)"),
    ],
)
def test_the_words_where_it_is_known_which_difference_matters(figures: ComparisonFigures, words: str) -> None:
    assert verdict(compared("a", "baseline", figures, detect=0.10)) == words


def test_the_difference_that_matters_is_said_as_given() -> None:
    assert verdict(compared("a", "b", _figures(1.01, 0.98, 1.02), detect=0.025)).startswith("equal within 2.5%: ")


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (
            _figures(None, None, None, pairs=1, missed=1, against_missed=1),
            "neither lane reached the target within its budget: 0 of 1 run each",
        ),
        (_figures(None, None, None, pairs=1, missed=1), "target not reached: 0 of 1 run within its budget"),
        (_figures(None, None, None, pairs=1), "too few pairs: 1; 6 can decide; about 19 needed to see 10%"),
    ],
)
def test_one_is_not_plural(figures: ComparisonFigures, words: str) -> None:
    assert verdict(compared("a", "baseline", figures)) == words


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ([Reason(Cause.RECIPES_DIFFER, ("optimizer.lr",))], "the lanes also differ in optimizer.lr"),
        (
            [Reason(Cause.RECIPES_DIFFER, ("optimizer.lr", "schedule.warmup")), Reason(Cause.CLOCK_DISTURBED)],
            "the lanes also differ in optimizer.lr and schedule.warmup, and the clock was disturbed",
        ),
        ([Reason(Cause.CLOCK_DISTURBED, ("other programs",))], "the clock was disturbed by other programs"),
        ([Reason(Cause.LOOKS_UNEQUAL)], "the lanes were not evaluated equally often"),
    ],
)
def test_a_verdict_that_is_withheld_says_why_and_keeps_its_figures(reasons: list[Reason], words: str) -> None:
    found = withhold(compared("a", "b", _figures(1.43, 1.21, 1.66)), reasons)
    assert verdict(found) == f"verdict withheld, as {words}: 1.43x (95% CI 1.21 to 1.66, 8 pairs)"


def test_without_an_interval_a_verdict_that_is_withheld_gives_none() -> None:
    found = withhold(compared("a", "b", _figures(None, None, None, pairs=1)), [Reason(Cause.CLOCK_DISTURBED)])
    assert verdict(found) == "verdict withheld, as the clock was disturbed: the ratio is open (1 pair)"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (Change("optimizer", 0.4, 0.05, option="lr"), "learning rate 0.4 to 0.05"),
        (Change("optimizer", 0.0, 5e-4, option="weight_decay"), "weight decay 0 to 0.0005"),
        (Change("loss", 0.1, 0.0, option="label_smoothing"), "loss label smoothing 0.1 to 0"),
        (Change("batch_size", 128, 1024), "batch size 128 to 1024"),
        (Change("budget", "40ep", "20ep"), "budget 40ep to 20ep"),
        (Change("schedule", {"name": "linear", "warmup": 0.1}, {"name": "cosine"}), "schedule linear to cosine"),
        (Change("augmentation", {"name": "flip"}, None), "flip left out"),
        (Change("augmentation", None, {"name": "flip"}), "flip added"),
        (Change("batch_size", 65536, 1048576), "batch size 65536 to 1048576"),
    ],
)
def test_what_a_recipe_has_otherwise_in_words(given: Change, text: str) -> None:
    assert change(given) == text
