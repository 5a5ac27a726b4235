"""What the benchmark of tuning states is what it has kept, and what it makes."""

import json

import pytest
from benchmarks._run import beside
from benchmarks.tuning import digits, simulate

README = beside(digits.__file__, "README.md").read_text()
SIMULATED = json.loads(beside(digits.__file__, "simulated.json").read_text())


def test_the_readme_has_the_table_of_the_kept_trials():
    assert digits.tables(digits.loaded()) in README


def test_the_readme_has_the_simulated_figures():
    rows = [[cell.strip("* ") for cell in line.strip("|").split("|")] for line in README.splitlines() if "0.0" in line]
    stated = {tuple(row[:4]): row[4:] for row in rows if len(row) == 10}
    assert len(stated) == len(SIMULATED) == 24
    for row in SIMULATED:
        shares = [
            f"{100 * row[key]:.1f}%"
            for key in ("lost", "apart", "false at 6", "told at 6", "false at 24", "told at 24")
        ]
        if row["rule"] != "taken":
            shares[3] = shares[5] = ""
        assert stated[str(row["noise"]), str(row["curve"]), str(row["seeds"]), row["rule"]] == shares


@pytest.mark.parametrize("rule", ["taken", "not searched"])
def test_what_is_said_of_a_method_is_seldom_false_where_both_lanes_were_searched(rule):
    (row,) = [each for each in simulate.rows(simulate.World(0.2, 0.08, 2), races=300) if each["rule"] == rule]
    assert (row["told at 24"] <= 0.065) == (rule == "taken")
    assert (row["apart"] < 0.04) == (rule == "taken")
