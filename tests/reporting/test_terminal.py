from __future__ import annotations

import dataclasses
import io

from rich.console import Console

from sooner.reporting import plain_text, show
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore
from tests.reporting.races import compared, fitted, race, realistic, run


def shown(results: Results, *, terminal: bool, width: int = 80) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None, legacy_windows=False)
    show(results, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_fits_eighty_columns_uncut() -> None:
    text = shown(realistic(), terminal=True)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "…" not in text
    for told in ("5 of 6", "23.1 s", "152k", "79.6–91.0%", "2.25x", "≤6.31", "2.18–2.55", "0.94x"):
        assert told in text


def test_a_terminal_too_narrow_for_the_table_gets_plain_text() -> None:
    assert shown(realistic(), terminal=True, width=79) == plain_text(realistic())


def test_verdicts_follow_with_their_doubts() -> None:
    text = " ".join(shown(realistic(), terminal=True).split())
    assert "rs2-30 is not shown to differ from the baseline or its fitted control." in text
    assert "against its fitted control baseline@3ep: no difference shown: at most 2.47x" in text
    assert "Target missed: By 1 of 18 runs" in text


def test_plain_text_is_one_line_per_lane_however_narrow() -> None:
    text = shown(realistic(), terminal=False, width=20)
    assert text == plain_text(realistic())
    header, *rows = text.splitlines()[:4]
    assert header.split("  ")[0] == "lane"
    assert [row.split()[0] for row in rows] == ["baseline", "rs2-30", "baseline@3ep"]
    assert "2.25x (at most 6.31x)" in rows[1]
    assert len({row.index(role) for row, role in zip(rows, ("baseline  6", "lane", "control"), strict=True)}) == 1


def test_names_are_text_not_markup() -> None:
    lanes = [
        Lane("baseline", "baseline", {}, [run([0.1, 0.9])]),
        Lane("[red]x[/red]", "lane", {"sampling": "x"}, [run([0.1, 0.9])]),
    ]
    results = race(lanes, [compared("[red]x[/red]", "baseline", 1.5, 1.2, 1.9)])
    for terminal in (True, False):
        assert shown(results, terminal=terminal).count("[red]x[/red]") == 2


def test_a_race_without_runs_or_lanes() -> None:
    assert "0 of 0" in plain_text(race([Lane("baseline", "baseline", {}, [])], complete=False))
    assert "Nothing compared" in shown(race([]), terminal=True)


def test_means_are_told_where_runs_were_censored_and_money_where_there_is_a_price() -> None:
    text = plain_text(realistic(price_per_hour=36.0))
    assert "rs2-30: restricted mean 22.4 s (20.8 s to 24.0 s) of 54.8 s; expected running time 24.0 s" in text
    assert "Money to target, at 36.00 an hour\n  baseline: 0.516\n" in text
    runs = [run([0.1, 0.9], seed=seed) for seed in range(6)]
    assert "restricted mean" not in plain_text(rescore(race([Lane("baseline", "baseline", {}, runs)])))


def test_smallest_budgets_and_lanes_stopped_early() -> None:
    results = fitted()
    lanes = [*results.lanes[:2], dataclasses.replace(results.lanes[2], dropped_after=3)]
    for terminal in (True, False):
        text = shown(dataclasses.replace(results, lanes=lanes), terminal=terminal, width=100)
        assert "baseline: 4ep is enough: 4.00 s, 2 of 3 seeds reach the target. 2ep is not: 0 of 3 seeds." in text
        assert "short: No budget up to 8ep is enough: 0 of 3 seeds reach the target." in text
        assert "short: after 3 pairs, as it could not win any more" in text


def test_a_confirmation_follows_the_races_own_verdicts_and_is_not_mixed_with_them() -> None:
    runs = [run([0.1, 0.9], seed=seed) for seed in range(6)]
    lanes = [Lane("baseline", "baseline", {}, runs), Lane("x", "lane", {"sampling": "x"}, runs)]
    fresh = compared("x", "baseline", 1.1, 0.9, 1.3, confirmation=True)
    text = plain_text(race(lanes, [compared("x", "baseline", 1.5, 1.2, 1.9), fresh]))
    own, rest = text.split("On fresh seeds, which are in no number above: x\n")
    assert "x is faster than the baseline." in own
    assert "1.10x" not in own
    assert "against the baseline: no difference shown: 1.10x" in rest
    assert "Not confirmed: x against baseline, on 6 fresh pairs" in rest


def test_no_clock_but_the_wall_is_spoken_of() -> None:
    runs = [run([0.1, 0.9], seed=seed) for seed in range(6)]
    lanes = [Lane("baseline", "baseline", {"command": "a"}, runs), Lane("x", "lane", {"command": "b"}, runs)]
    results = race(lanes, [compared("x", "baseline", 1.5, 1.2, 1.9)])
    assert "calibrated" not in shown(results, terminal=True)
    assert "calibrated clock" not in plain_text(results)


def test_times_that_are_a_programs_own_word_are_marked() -> None:
    mine = Lane("mine", "baseline", {"command": "a"}, [run([0.1, 0.9])], own_seconds=True)
    assert "0.500 s (its own word)" in plain_text(race([mine]))
    assert "own word" in shown(race([mine]), terminal=True)
