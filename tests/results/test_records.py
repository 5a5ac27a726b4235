import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sooner.reporting import results_json
from sooner.reporting.wording import verdict
from sooner.results.notices import OfRace, OtherPrograms, RunRepeated, Told
from sooner.results.records import Results
from sooner.results.rescoring import rescore, withhold
from sooner.results.verdict import Cause, Finding, Reason
from tests.reporting.races import realistic

OLD = Path(__file__).parent / "written" / "results-0.2.0.json"  # with curves left out


@pytest.fixture
def old() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(OLD.read_text())
    return raw


def test_findings_of_version_0_2_0_are_found_again_from_its_figures(old: dict[str, Any]) -> None:
    assert not any("finding" in each for each in old["comparisons"])
    results = Results.load(OLD)
    findings = {c.lane: c.finding for c in results.comparisons if c.clock == "wall" and not c.confirmation}
    assert findings == {
        "fast": Finding.FASTER,
        "slow": Finding.SLOWER,
        "same": Finding.EQUAL,
        "apart": Finding.NO_DIFFERENCE,
        "never": Finding.NOT_REACHED,
    }
    assert {c.finding for c in results.comparisons if c.confirmation} == {Finding.TOO_FEW_PAIRS}
    # What it said itself is the same, but for the pairs needed, which it kept in the sentence alone or did not say.
    said = [re.sub("; about .* needed to see 10%", "", each["verdict"]) for each in old["comparisons"]
            if each["clock"] != "calibrated"]  # fmt: skip
    assert [verdict(c).replace("; 6 can decide", "") for c in results.comparisons] == said


def test_the_sentence_of_version_0_2_0_is_never_read(old: dict[str, Any]) -> None:
    wrong = [{**each, "verdict": "slower: and wrong"} for each in old["comparisons"]]
    assert Results.from_dict({**old, "comparisons": wrong}) == Results.load(OLD)


def test_warnings_of_version_0_2_0_are_shown_as_they_are(old: dict[str, Any]) -> None:
    assert len(old["warnings"]) == 2
    assert Results.load(OLD).notices == [Told(text) for text in old["warnings"]]
    assert json.loads(results_json(Results.load(OLD)))["warnings"] == old["warnings"]


def test_results_of_version_0_2_0_scored_again_have_the_same_findings() -> None:
    results = Results.load(OLD)
    again = rescore(results, curves=False)
    assert [c.finding for c in again.comparisons] == [c.finding for c in results.comparisons]
    assert any(c.pairs_needed for c in again.comparisons)


def full() -> Results:
    results = realistic()
    notices = [OtherPrograms(0.22), OfRace("a", RunRepeated("node", "x", 1, process_ended=True, saved=False))]
    withheld = withhold(results.comparisons[0], [Reason(Cause.RECIPES_DIFFER, ("optimizer.lr", "schedule"))])
    return replace(results, notices=notices, comparisons=[withheld, *results.comparisons[1:]])


def test_what_is_written_is_read_back_equal_with_and_without_words() -> None:
    results = full()
    assert Results.from_json(results.to_json()) == results
    assert Results.from_json(results_json(results)) == results


def test_words_stand_beside_the_data_that_they_are_made_from() -> None:
    results = full()
    raw = json.loads(results_json(results))
    assert raw["comparisons"][0]["finding"] == "withheld"
    assert raw["comparisons"][0]["reasons"] == [{"cause": "recipes_differ", "names": ["optimizer.lr", "schedule"]}]
    assert [each["verdict"] for each in raw["comparisons"]] == [verdict(c) for c in results.comparisons]
    assert raw["notices"][0] == {"kind": "other_programs", "share": 0.22}
    assert raw["warnings"][0].startswith("other programs used 22% of this machine's cores")
    assert raw["warnings"][1].startswith("in a: node lost x with seed 1 (its process was ended)")


def test_what_later_versions_add_is_passed_over() -> None:
    results = full()
    raw = json.loads(results_json(results))
    for each in (raw, *raw["lanes"], *raw["comparisons"], *raw["lanes"][0]["runs"], raw["notices"][0]):
        each["added_later"] = 1
    assert Results.from_dict(raw) == results
    raw["notices"][0] = {"kind": "of_a_later_version", "share": 0.22}
    assert Results.from_dict(raw).notices == [Told(raw["warnings"][0]), results.notices[1]]


def test_a_finding_of_a_later_version_is_refused_by_name() -> None:
    raw = json.loads(results_json(full()))
    raw["comparisons"][0]["finding"] = "undreamt_of"
    with pytest.raises(ValueError, match="undreamt_of"):
        Results.from_dict(raw)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "0.9"}, "target must be float, not '0.9'"),
        ({"pairs": None}, "pairs must be int, not None"),
        ({"machine": []}, "machine must be dict"),
        ({"price_per_hour": float("inf")}, "price_per_hour must be float | None, not inf"),
    ],
)
def test_a_field_of_another_type_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
        Results.from_dict({**realistic().to_dict(), **change})


def test_a_field_deep_within_is_named_by_its_path() -> None:
    raw = realistic().to_dict()
    raw["lanes"][1]["runs"][0]["budget_s"] = "long"
    with pytest.raises(TypeError, match=r"^lanes\[1\]\.runs\[0\]\.budget_s must be float, not 'long'"):
        Results.from_dict(raw)
