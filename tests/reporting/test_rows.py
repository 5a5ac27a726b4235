from __future__ import annotations

from sooner.racing.results import Lane
from sooner.reporting._rows import (
    COMPARISON_COLUMNS,
    LANE_COLUMNS,
    RUN_COLUMNS,
    comparison_rows,
    lane_rows,
    run_rows,
)
from tests.reporting.races import compared, race, realistic, run


def test_every_row_has_a_cell_per_column() -> None:
    results = realistic()
    for rows, columns, amount in (
        (lane_rows(results), LANE_COLUMNS, 3),
        (run_rows(results), RUN_COLUMNS, 18),
        (comparison_rows(results), COMPARISON_COLUMNS, 6),
    ):
        assert len(rows) == amount
        assert {len(row.cells) for row in rows} == {len(columns)}


def test_a_run_that_missed_shows_a_bound_and_sorts_last() -> None:
    runs = [run([0.1, 0.2, 0.3], seed=7, stopped="loss became nan"), run([0.1, 0.5], seed=8)]
    missed, hit = (row.cells for row in run_rows(race([Lane("baseline", "baseline", {}, runs)])))
    assert [cell.text for cell in missed[:6]] == ["7", "missed", "> 2.00 s", "> 2.00 s", "> 20", "> 200"]
    assert missed[1].note == "loss became nan"
    assert [cell.text for cell in hit[:6]] == ["8", "reached", "1.00 s", "1.00 s", "10", "100"]
    for late, early in zip(missed[2:6], hit[2:6], strict=True):
        assert late.sort is not None
        assert early.sort is not None
        assert late.sort > early.sort


def test_a_run_without_evaluations_has_no_metric() -> None:
    (row,) = run_rows(
        race([Lane("baseline", "baseline", {}, [run([], stopped="out of memory", flops=None, peak_memory_bytes=None)])])
    )
    assert [cell.text for cell in row.cells[6:]] == ["none", "none", "0 s", "none", "none"]


def test_a_lane_in_numbers() -> None:
    runs = [run([0.1, 0.9], seed=0), run([0.1, 0.7], seed=1), run([0.1, 0.3], seed=2)]
    lanes = [Lane("baseline", "baseline", {}, runs), Lane("x", "lane", {"sampling": "x"}, [])]
    full, empty = (row.cells for row in lane_rows(race(lanes, [compared("x", "baseline", None, None, None)])))
    assert [cell.text for cell in full[:3]] == ["baseline", "2 of 3", "0.667 s"]
    assert (full[5].text, full[5].note) == ("70.0%", "30.0–90.0%")
    assert [cell.text for cell in empty] == ["lane", "0 of 0", "none", "none", "none", "none", "none", "unknown", ""]
