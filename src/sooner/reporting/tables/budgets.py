"""The table of smallest budgets, of the fitted protocol."""

from __future__ import annotations

from sooner.racing.results import Lane, Results, Rung
from sooner.reporting import _format as words
from sooner.reporting._budgets import bracket, hits_of
from sooner.reporting._summary import has_calibrated
from sooner.reporting.tables._base import LAST, Cell, Row, Table


def budgets(results: Results) -> Table:
    """One row per lane with a ladder: the smallest budget that reaches the target, and the next smaller one."""
    calibrated = has_calibrated(results)
    columns = ["Smallest budget", "Reached by", "Time, wall", *(["Time, calibrated"] if calibrated else [])]
    columns += ["Next smaller budget", "Reached by it", "Budgets tried"]
    rows = [Row(lane.name, _cells(lane, calibrated)) for lane in results.lanes if lane.rungs]
    title = "Smallest budget that reaches the target"
    return Table("budgets", title, ("Lane", *columns), tuple(rows))


def _cells(lane: Lane, calibrated: bool) -> tuple[Cell, ...]:
    enough, below = bracket(lane)
    shown = enough or lane.rungs[-1]
    times = [shown.seconds, *([shown.calibrated_seconds] if calibrated else [])]
    late, over = (0.0, "") if enough else (LAST, "> ")
    return (
        Cell(f"{over}{shown.budget}", late + shown.seconds),
        _share(shown),
        *(Cell(f"{over}{words.seconds(value)}", late + value) for value in times),
        Cell(below.budget, below.seconds) if below and enough else Cell("none tried" if enough else "", -1.0),
        _share(below) if below and enough else Cell("", -1.0),
        Cell(str(len(lane.rungs)), len(lane.rungs)),
    )


def _share(rung: Rung) -> Cell:
    return Cell(hits_of(rung), rung.hits / max(1, rung.runs))
