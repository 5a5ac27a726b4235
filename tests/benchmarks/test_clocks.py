"""The clocks that benchmarks/clocks sets against each other, by hand; its README has the tables of what is kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.clocks.clocks import outcome, says, seconds, shipped
from benchmarks.clocks.simulate import table

from sooner.results.verdict import Finding

HERE = Path(__file__).parents[2] / "benchmarks/clocks"


def test_each_clock_by_hand():
    stretches = np.array([[1.0, 1.0, 4.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    reference = np.array([[1.0, 1.0, 4.0, 4.0, 1.0], [1.0] * 5]) * 0.004
    assert seconds("wall", stretches, reference).tolist() == [7.0, 4.0]
    assert seconds("own pace", stretches, reference).tolist() == [4.0, 4.0]
    assert seconds("corrected", stretches, reference) == pytest.approx([1 + 1 / 2.5 + 1 + 1 / 2.5, 4.0])


def test_a_verdict_that_the_machine_may_explain_is_withheld():
    mine, theirs = np.linspace(1, 1.1, 6), np.linspace(1.5, 1.65, 6)
    reference = np.concatenate([np.full((6, 3), 0.004), np.full((6, 3), 0.006)])
    assert says(mine, theirs) is Finding.FASTER
    assert shipped(Finding.FASTER, mine, theirs, reference) is Finding.WITHHELD
    assert shipped(Finding.FASTER, mine, theirs, reference * 0 + 0.004) is Finding.FASTER
    assert [outcome(Finding.FASTER, ratio) for ratio in (1.0, 1.2, 0.8)] == ["wrong", "right", "wrong"]
    assert outcome(Finding.WITHHELD, 1.0) == "open"


@pytest.mark.parametrize("kept", ["simulated.json", "real.json"])
def test_the_readme_has_the_tables_of_what_is_kept(kept):
    assert table(json.loads((HERE / kept).read_text())) in (HERE / "README.md").read_text()
