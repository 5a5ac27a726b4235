from __future__ import annotations

from sooner.reporting.figures import phases
from sooner.reporting.figures.phases import median_run_by_length
from sooner.results.records import Lane
from tests.reporting.races import race, run


def test_the_median_run_is_a_real_run() -> None:
    runs = [
        run([], seed=i, phases={"train": seconds, "evaluate": 100.0}) for i, seconds in enumerate((5.0, 1.0, 3.0, 9.0))
    ]
    chosen = median_run_by_length([*runs, run([], seed=9, phases={})])
    assert chosen is not None
    assert chosen.seed == 2
    assert median_run_by_length([run([], phases={})]) is None


def test_bars_by_phase_with_those_off_the_clock_last_and_hatched() -> None:
    lanes = [
        Lane("baseline", "baseline", {}, [run([], phases={"evaluate": 2.0, "setup": 0.5, "train": 8.0}, budget_s=8.5)]),
        Lane("empty", "lane", {}, []),
        Lane("x", "lane", {}, [run([], phases={"train": 3.0, "scoring": 1.0, "checkpoint": 0.25}, budget_s=4.0)]),
    ]
    figure = phases(race(lanes))
    assert [(key.label, key.hatched) for key in figure.keys] == [
        ("train", False),
        ("setup", False),
        ("scoring", False),
        ("evaluate (off the clock)", True),
        ("checkpoint (off the clock)", True),
    ]
    data = figure.panels[0].plot["data"]
    bars, totals = data[:-2], data[-2:]
    assert [bar["x"][0] for bar in bars] == [8.0, 3.0, 0.5, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.25]
    assert [(bar["y"], bar["meta"]["lane"]) for bar in bars] == [([0], 0), ([2], 2)] * 5
    assert ["pattern" in bar["marker"] for bar in bars] == [False] * 6 + [True] * 4
    assert [total["text"][0].strip() for total in totals] == ["8.50 s", "4.00 s"]
    assert figure.panels[0].plot["layout"]["barmode"] == "stack"
    assert "x: 4.00 s on the clock" in figure.alt


def test_no_phases_no_figure() -> None:
    assert phases(race([Lane("baseline", "baseline", {}, [run([], phases={})])])).panels == ()
