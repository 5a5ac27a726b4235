"""The table of smallest budgets, of the fitted protocol."""

from __future__ import annotations

from sooner.reporting import format as words
from sooner.reporting.budgets import Step, bracket
from sooner.reporting.tables._base import LAST, Cell, Row, Table
from sooner.results.records import Lane, Results

_NO_SMALLER = (Cell("none raced", -1.0), Cell("", -1.0))


def budgets(results: Results) -> Table:
    """One row per lane with a ladder: the smallest budget that reaches the target, and the next smaller one."""
    columns = ("Smallest budget", "Reached by", "Time, wall", "Next smaller budget", "Reached by")
    rows = [Row(lane.name, _cells(results, lane)) for lane in results.lanes if lane.rungs]
    title = "Smallest budget that reaches the target"
    return Table("budgets", title, ("Lane", *columns), tuple(rows))


def _cells(results: Results, lane: Lane) -> tuple[Cell, ...]:
    enough, below = bracket(results, lane)
    shown = enough or below
    if shown is None:
        raise ValueError(f"{lane.name} has no ladder of budgets")
    late, over = (0.0, "") if enough else (LAST, "> ")
    return (
        Cell(f"{over}{shown.rung.budget}", late + shown.rung.seconds),
        _share(shown),
        Cell(f"{over}{words.seconds(shown.rung.seconds)}", late + shown.rung.seconds),
        *((Cell(below.rung.budget, below.rung.seconds), _share(below)) if enough and below else _NO_SMALLER),
    )


def _share(step: Step) -> Cell:
    return Cell(step.share, step.reached / max(1, step.seeds))
