"""The table of what a lane's runs need on average, missed targets included."""

from __future__ import annotations

from sooner.reporting import format as words
from sooner.reporting.summary import survival_on
from sooner.reporting.tables._base import LAST, NONE, Cell, Row, Table
from sooner.results.records import Results
from sooner.statistics.survival import Survival


def survival(results: Results) -> Table:
    """Restricted mean and expected running time of each lane on both clocks. No rows without survival estimates."""
    clocks = [clock for clock in ("wall", "calibrated") if any(survival_on(lane, clock) for lane in results.lanes)]
    columns = [f"{name}, {clock}" for clock in clocks for name in ("Restricted mean", "Expected running time")]
    rows = []
    for lane in results.lanes:
        if lane.survival:
            estimates = [survival_on(lane, clock) for clock in clocks]
            hits = sum(run.hit for run in lane.runs)
            reached = Cell(f"{hits} of {len(lane.runs)}", hits)
            rows.append(Row(lane.name, (reached, *(cell for estimate in estimates for cell in _cells(estimate)))))
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
