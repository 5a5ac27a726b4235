from __future__ import annotations

import dataclasses
import re

from sooner.reporting.page.citation import bibtex, plain
from sooner.results.records import Lane
from tests.reporting.races import compared, fitted, race, realistic, run


def test_a_citation_says_what_ran_what_was_found_and_on_what() -> None:
    text = plain(realistic(data={"fingerprint": "ab12"}))
    for told in (
        "A race of training recipes to 90% accuracy on fashion_mnist.",
        "Lanes: baseline, rs2-30 and baseline@3ep; convnet-16, 6 pairs, protocol first-hit.",
        "rs2-30 against baseline: No difference shown: at most 6.31x",
        "On Some CPU, sooner 0.1.0, torch 2.8.0.",
        "Data fingerprint ab12.",
        "21 November 2026, 07:30 UTC.",
    ):
        assert told in text
    assert "Not finished" not in text
    assert "Not finished." in plain(race([], complete=False))


def test_only_the_races_own_verdicts_on_the_wall_clock_are_cited() -> None:
    lanes = [Lane("baseline", "baseline", {}, [run([0.1, 0.9])])]
    more = [
        compared("x", "baseline", 7.0, 6.0, 8.0, clock="examples"),
        compared("x", "baseline", 9.0, 8.0, 10.0, confirmation=True),
    ]
    text = plain(race(lanes, [compared("x", "baseline", 2.0, 1.5, 2.5), *more]))
    assert text.count("x against baseline") == 1
    many = [compared(f"lane-{i}", "baseline", 2.0, 1.5, 2.5) for i in range(20)]
    assert "And 8 more comparisons." in plain(race(lanes, many))


def test_a_fitted_race_cites_its_smallest_budgets() -> None:
    assert "x: 2ep is enough: 2.00 s, 2 of 3 seeds reach the target." in plain(fitted())


def test_bibtex_is_one_entry_with_every_special_character_escaped() -> None:
    text = bibtex(dataclasses.replace(realistic(), task="a_b & {50%} $#~^\\"))
    assert text.startswith("@misc{sooner-a-b-50-2026-11-21,\n")
    assert text.endswith("\n}")
    assert r"on a\_b \& \{50\%\} \$\#\textasciitilde{}\textasciicircum{}\textbackslash{}" in text
    assert "year = {2026}" in text
    bare = re.sub(r"\\textbackslash\{\}|\\.", "", text)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"[%&$#_]", bare)


def test_a_race_that_has_not_begun_has_no_year() -> None:
    assert "year" not in bibtex(race([], started=""))
