from __future__ import annotations

import io

from rich.console import Console

from sooner.racing.results import Lane, Results
from sooner.reporting import plain_text, show
from tests.reporting.races import compared, race, realistic, run


def shown(results: Results, *, terminal: bool, width: int = 80) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None, legacy_windows=False)
    show(results, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_fits_eighty_columns_uncut() -> None:
    text = shown(realistic(), terminal=True)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "…" not in text
    for told in ("5 of 6", "23.1 s", "22.3 s", "152k", "79.6–91.0%", "2.23x", "1.98–2.36", "0.94x"):
        assert told in text


def test_a_terminal_too_narrow_for_the_table_gets_plain_text() -> None:
    assert shown(realistic(), terminal=True, width=79) == plain_text(realistic())


def test_verdicts_follow_with_their_doubts() -> None:
    text = " ".join(shown(realistic(), terminal=True).split())
    assert "rs2-30 is faster than the baseline but slower than its fitted control." in text
    assert "against its fitted control baseline@3ep: slower: 0.94x" in text
    assert "calibrated clock: slower: 0.95x" in text
    assert "Target missed: By 1 of 18 runs" in text


def test_plain_text_is_one_line_per_lane_however_narrow() -> None:
    text = shown(realistic(), terminal=False, width=20)
    assert text == plain_text(realistic())
    header, *rows = text.splitlines()[:4]
    assert header.split("  ")[0] == "lane"
    assert [row.split()[0] for row in rows] == ["baseline", "rs2-30", "baseline@3ep"]
    assert "2.23x (1.98 to 2.36x)" in rows[1]
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
