"""The table of what a lane's runs need on average, missed targets included."""

from __future__ import annotations

from sooner.reporting import format as words
from sooner.reporting.summary import survival_of
from sooner.reporting.tables._base import LAST, NONE, Cell, Row, Table
from sooner.results.records import Results
from sooner.statistics.survival import Survival


def survival(results: Results) -> Table:
    """Restricted mean and expected running time of each lane on the wall clock. No rows without survival estimates."""
    columns = ("Restricted mean, wall", "Expected running time, wall")
    rows = []
    for lane in results.lanes:
        if lane.survival:
            hits = sum(run.hit for run in lane.runs)
            reached = Cell(f"{hits} of {len(lane.runs)}", hits)
            rows.append(Row(lane.name, (reached, *_cells(survival_of(lane)))))
    return Table("survival", "Mean times, missed targets included", ("Lane", "Reached", *columns), tuple(rows))


def _cells(estimate: Survival | None) -> tuple[Cell, Cell]:
    if estimate is None:
        return NONE, NONE
    if estimate.rmst is None or estimate.ert is None:
        never = Cell("never reached", 2 * LAST)
        return never, never
    interval = words.seconds_range(estimate.rmst_low, estimate.rmst_high)
    mean = Cell(
        words.seconds(estimate.rmst), estimate.rmst, f"{interval}\nrestricted to {words.seconds(estimate.horizon)}"
    )
    return mean, Cell(
        words.seconds(estimate.ert), estimate.ert, words.seconds_range(estimate.ert_low, estimate.ert_high)
    )
