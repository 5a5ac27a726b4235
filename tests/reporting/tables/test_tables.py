from __future__ import annotations

import dataclasses

import pytest

from sooner.reporting.tables import Table, all_tables
from sooner.results.records import Comparison, Lane, Results, Run
from tests.reporting.races import compared, fitted, race, realistic, run


def table(results: Results, key: str) -> Table:
    return all_tables(results)[key]


def cells(results: Results, key: str, row: int = 0) -> dict[str, str]:
    found = table(results, key)
    return dict(zip(found.columns[1:], (cell.text for cell in found.rows[row].cells), strict=True))


def alone(*runs: Run, recipe: dict[str, str] | None = None, **more: object) -> Results:
    return race([Lane("baseline", "baseline", recipe or {}, list(runs))], **more)


@pytest.mark.parametrize(
    "results", [realistic(price_per_hour=2.0), fitted(), race([])], ids=["race", "fitted", "empty"]
)
def test_every_row_has_a_cell_per_column_and_every_place_one_text(results: Results) -> None:
    for key, found in all_tables(results).items():
        assert {len(row.cells) + 1 for row in found.rows} <= {len(found.columns)}
        places = [place for place, _ in found.texts()]
        assert len(places) == len(set(places))
        assert all(place.startswith(f"{key}.") for place in places)


def test_a_run_that_missed_shows_a_bound_and_sorts_last() -> None:
    results = alone(run([0.1, 0.2, 0.3], seed=7, stopped="loss became nan"), run([0.1, 0.5], seed=8))
    missed, hit = (row.cells for row in table(results, "runs").rows)
    assert [cell.text for cell in missed[:5]] == ["7", "missed", "> 2.00 s", "> 20", "> 200"]
    assert missed[1].note == "loss became nan"
    assert [cell.text for cell in hit[:5]] == ["8", "reached", "1.00 s", "10", "100"]
    for late, early in zip(missed[2:5], hit[2:5], strict=True):
        assert late.sort is not None
        assert early.sort is not None
        assert late.sort > early.sort


def test_a_longer_bound_sorts_behind_a_shorter_one_as_the_page_reads_it() -> None:
    results = alone(run([0.1, 0.2, 0.3], seed=0), run([0.1, 0.2], seed=1))
    texts = dict(table(results, "runs").texts())
    assert float(texts["runs.0.2@data-sort"]) > float(texts["runs.1.2@data-sort"])


def test_a_run_has_columns_for_what_some_run_knows() -> None:
    bare = {"flops": None, "peak_memory_bytes": None}
    assert "FLOPs" not in cells(alone(run([0.1], **bare)), "runs")
    both = alone(run([0.1], host="a", energy_joules=12300.0), run([0.1], seed=1, host="b", **bare))
    assert cells(both, "runs")["Energy"] == "12.3 kJ"
    assert cells(both, "runs", 1) | {"Energy": "none", "FLOPs": "none", "Machine": "b"} == cells(both, "runs", 1)


def test_a_programs_last_words_unfold_below_the_reason() -> None:
    silent = run([], stopped="silent for 60 s", output="Traceback ...\nboom", resumed=2)
    outcome = table(alone(silent, run([0.1], seed=1, output="bye")), "runs").rows[0].cells[1]
    assert (outcome.text, outcome.note) == ("missed, resumed 2 times", "silent for 60 s")
    assert outcome.more == "Traceback ...\nboom"
    assert table(alone(run([0.1], output="bye")), "runs").rows[0].cells[1].note == "what it wrote last"


def test_a_lane_in_numbers() -> None:
    runs = [run([0.1, 0.9], seed=0), run([0.1, 0.7], seed=1), run([0.1, 0.3], seed=2)]
    lanes = [
        Lane("baseline", "baseline", {}, runs),
        Lane("x", "lane", {"sampling": "x"}, [], dropped_after=8),
    ]
    results = race(lanes)
    full = table(results, "lanes").rows[0].cells
    assert [cell.text for cell in full[:3]] == ["baseline", "2 of 3", "0.667 s"]
    assert (full[4].text, full[4].note) == ("70.0%", "30.0–90.0%")
    empty = table(results, "lanes").rows[1].cells
    assert [cell.text for cell in empty] == ["lane", "0 of 0", "none", "none", "none", "none", "none", "", ""]
    assert empty[0].note == "stopped after 8 pairs: could not win any more"


def test_the_noise_of_a_lanes_metric_stands_beside_its_end() -> None:
    lane = dataclasses.replace(alone(run([0.1, 0.9])).lanes[0], metric_noise=0.0123)
    assert "1.23%" in [cell.text for cell in table(race([lane]), "lanes").rows[0].cells]


def test_times_that_are_a_programs_own_word_are_marked() -> None:
    lane = dataclasses.replace(alone(run([0.1, 0.9])).lanes[0], own_seconds=True)
    (row,) = table(race([lane]), "lanes").rows
    assert (row.cells[2].text, row.cells[2].note) == ("0.500 s", "its own word")


def test_money_is_wall_time_at_the_price_of_an_hour() -> None:
    assert "Money to target" not in cells(alone(run([0.1, 0.5])), "lanes")
    assert (
        cells(alone(run([0.1, 0.5], seconds_per_look=1800), price_per_hour=3.0), "lanes")["Money to target"] == "1.50"
    )
    missed = alone(run([0.1, 0.2], seconds_per_look=36), price_per_hour=1.0)
    assert cells(missed, "lanes")["Money to target"] == "> 0.0100"


def test_a_lanes_energy_is_the_median_of_what_was_measured() -> None:
    runs = [run([0.1], seed=i, energy_joules=joules) for i, joules in enumerate((80.0, None, 90.0))]
    assert cells(alone(*runs), "lanes")["Energy of a run"] == "85.0 J"


def comparison(**more: object) -> Comparison:
    return compared("x", "baseline", 1.5, 1.2, 1.9, **more)


def test_comparisons_on_all_clocks_those_on_fresh_seeds_last_and_marked() -> None:
    found = [comparison(confirmation=True), comparison(), comparison(clock="examples", looks=3)]
    rows = table(race([], found), "comparisons").rows
    assert [(row.cells[0].note, row.cells[1].text) for row in rows] == [
        ("", "wall"), ("", "examples"), ("on fresh seeds", "wall"),
    ]  # fmt: skip
    assert cells(race([], found), "comparisons", 1)["Looks"] == "3"
    assert "Looks" not in cells(race([], [comparison()]), "comparisons")


def test_beside_a_comparison_stands_the_ratio_of_expected_times() -> None:
    found = [comparison(cost_ratio=0.8, cost_low=0.5, cost_high=1.28), comparison(cost_ratio=0.9), comparison()]
    rows = [row.cells[-2] for row in table(race([], found), "comparisons").rows]
    assert table(race([], found), "comparisons").columns[-2] == "Ratio of expected times"
    assert [(cell.text, cell.note) for cell in rows] == [
        ("0.80x", "0.50 to 1.28x"), ("0.90x", "no interval"), ("unknown", "no interval"),
    ]  # fmt: skip
    assert [cell.sort for cell in rows] == [0.8, 0.9, -1.0]


def test_runs_on_fresh_seeds_have_a_table_of_their_own() -> None:
    results = dataclasses.replace(alone(run([0.1, 0.9])), confirmation={"baseline": [run([0.1, 0.9], seed=1_000_000)]})
    assert cells(results, "fresh")["Seed"] == "1000000"
    assert len(table(results, "runs").rows) == 1


def test_means_with_intervals_and_what_they_are_restricted_to() -> None:
    found = table(realistic(), "survival")
    rs2 = found.rows[1].cells
    assert (rs2[0].text, rs2[1].text) == ("5 of 6", "22.4 s")
    assert rs2[1].note == "20.8 s to 24.0 s\nrestricted to 54.8 s"
    assert rs2[2].text == "24.0 s"
    assert len(found.columns) == 4
    never = table(fitted(), "survival").rows[2].cells
    assert never[2].text == "never reached"


def test_smallest_budgets_with_the_next_smaller_one() -> None:
    results = fitted()
    assert [row.lane for row in table(results, "budgets").rows] == ["baseline", "x", "short"]
    assert [cell.text for cell in table(results, "budgets").rows[0].cells] == [
        "4ep", "2 of 3 seeds", "4.00 s", "2ep", "0 of 3 seeds",
    ]  # fmt: skip
    assert [cell.text for cell in table(results, "budgets").rows[2].cells] == [
        "> 8ep", "0 of 3 seeds", "> 8.00 s", "none raced", "",
    ]  # fmt: skip
    assert table(realistic(), "budgets").rows == ()
