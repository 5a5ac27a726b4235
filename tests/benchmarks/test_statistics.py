"""Error rates are stated as benchmarks/statistics has them: by its own README, the main one and the guide."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from benchmarks._files import rows
from benchmarks._sooner import fewest_pairs
from benchmarks.statistics.families import tables, worst

ROOT = Path(__file__).parents[2]
HERE = ROOT / "benchmarks/statistics"
README, GUIDE = (" ".join((ROOT / name).read_text().split()) for name in ("README.md", "docs/racing.md"))


def kept(name: str) -> dict[str, list[dict[str, object]]]:
    return {key: rows(value) for key, value in json.loads((HERE / name).read_text()).items()}


FAMILIES, LOOKS = kept("families.json"), kept("looks.json")
OWN = (HERE / "README.md").read_text()


def test_the_tables_of_whole_races() -> None:
    stated = set(OWN.splitlines())
    assert [line for line in tables(FAMILIES["errors"], FAMILIES["found"]) if line and line not in stated] == []


def test_the_table_of_races_until_decided() -> None:
    for ratio, cut in ((1.0, 0.0), (1.0, 0.5), (1.1, 0.3), (1.1, 0.5), (1.3, 0.3)):
        at = [row for row in LOOKS["courses"] if (row["ratio"], row["censored"]) == (ratio, cut)]
        (line,) = [each for each in OWN.splitlines() if each.startswith(f"| {ratio:.1f}x | {100 * cut:.0f}% | 12 / 24")]
        cells = [cell.strip() for cell in line.split("|")[4:9]]
        assert cells == [
            percent(at, "coverage"),
            " / ".join(f"{row['mean_pairs']:.1f}" for row in at),
            *(percent(at, name) for name in ("faster", "slower", "equal")),
        ]


def percent(found: list[dict[str, object]], name: str) -> str:
    return " / ".join(f"{100 * float(str(row[name])):.1f}" for row in found) + "%"


def test_what_is_above_5_percent_is_said() -> None:
    one, thirty = (worst(FAMILIES["errors"], "fixed", lanes=lanes, spread=3) for lanes in (1, 30))
    alike = max(worst(FAMILIES["errors"], rule, spread=1) for rule in ("fixed", "until_decided"))
    said = " ".join(OWN.split())
    assert f"{100 * one:.1f}% with one lane three times as noisy, {100 * thirty:.1f}% with thirty" in said
    assert f"no lane is noisier than the baseline the largest figure is {100 * alike:.1f}%" in said
    allowed = 0.05 + 2 * 0.0016  # two standard errors
    above = {(row["lanes"], row["spread"]) for row in FAMILIES["errors"] if row["decides"] and row["fixed"] > allowed}
    assert above <= {(1, 3), (30, 3)}


def test_the_main_readme_says_the_same() -> None:
    alike = max(worst(FAMILIES["errors"], rule, spread=1) for rule in ("fixed", "until_decided"))
    largest = max(worst(FAMILIES["errors"], rule) for rule in ("fixed", "until_decided"))
    covered = min(row["coverage"] for row in FAMILIES["found"])
    (line,) = re.findall(r"\| \[The statistics\][^|]*\| ([^|]*) \|", README)
    assert f"at most {100 * alike:.1f}%" in line
    assert f"up to {100 * largest:.1f}% where lanes are three times as noisy as the baseline" in line
    assert f"95% intervals cover {100 * covered:.1f}% or more" in line


def test_the_guide_says_how_many_pairs_a_verdict_takes() -> None:
    (stated,) = re.findall(r"a verdict takes (.*?);", GUIDE)
    assert stated == (
        f"{fewest_pairs(1)} pairs with one lane under test, {fewest_pairs(2)} with two, {fewest_pairs(3)} with three "
        f"or four, {fewest_pairs(10)} with ten, {fewest_pairs(30)} with thirty"
    )
    assert fewest_pairs(3) == fewest_pairs(4)


def test_the_table_of_targets_chosen_afterwards() -> None:
    found = kept("anywhere.json")["anywhere"]
    equal, apart = ([row for row in found if row["ratio"] == ratio] for ratio in (1.0, 1.2))
    assert [
        f"| equal lanes, a verdict at any target | {percent(equal, 'anywhere')} |",
        f"| the same at 5% a target | {percent(equal, 'at_5_percent_each')} |",
        f"| lanes 1.2x apart, a verdict at any target | {percent(apart, 'anywhere')} |",
        f"| the band holds the true ratio along the whole curve | {percent(apart, 'band_holds')} |",
    ] == [line for line in OWN.splitlines() if " at any target |" in line or "a target |" in line or "the band" in line]
    least, most = (f"{100 * edge(float(str(row['band_holds'])) for row in apart):.0f}" for edge in (min, max))
    assert f"along the whole curve in {least} to {most}%" in GUIDE


@pytest.mark.parametrize("text", [README, GUIDE, " ".join((ROOT / "docs/results.md").read_text().split())])
def test_every_share_of_false_verdicts_is_one_that_was_simulated(text: str) -> None:
    simulated = {"5"} | set(re.findall(r"\d+\.\d", OWN))
    for stated in re.findall(r"(\d+(?:\.\d+)?)% false verdicts", text):
        assert stated in simulated
