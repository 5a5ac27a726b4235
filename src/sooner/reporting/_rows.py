"""The rows of the page's tables: each cell as text, and by what it sorts."""

from __future__ import annotations

from dataclasses import dataclass

from sooner.racing.results import Results, Run
from sooner.reporting import _format as words
from sooner.reporting._summary import Clock, Median, Spread, length, summarise, time_to_target

_LAST = 1e15  # added to what sorts a run that missed the target: behind all that reached it


@dataclass(frozen=True)
class Cell:
    """A cell's text and the number it sorts by; without one it is text, on the left, and sorts by the alphabet."""

    text: str
    sort: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table, headed by the lane it is about."""

    lane: str
    cells: tuple[Cell, ...]


LANE_COLUMNS = (
    "Role",
    "Reached",
    "Time to target, wall",
    "Time to target, calibrated",
    "Examples to target",
    "Final",
    "Test",
    "Against baseline",
    "Against control",
)
RUN_COLUMNS = (
    "Seed",
    "Target",
    "Wall",
    "Calibrated",
    "Steps to target",
    "Examples to target",
    "Final",
    "Test",
    "Whole run",
    "Peak memory",
    "FLOPs",
)
COMPARISON_COLUMNS = ("Against", "Clock", "Ratio", "95% interval", "p", "Pairs", "Reached", "Verdict")


def lane_rows(results: Results) -> list[Row]:
    """One row per lane: medians over its runs."""
    return [
        Row(
            row.lane.name,
            (
                Cell(row.lane.role),
                Cell(f"{row.hits} of {len(row.lane.runs)}", row.hits),
                _median(row.wall),
                _median(row.calibrated),
                _median(row.examples, of_time=False),
                _spread(results, row.final),
                _spread(results, row.test),
                _ratios([c.ratio for c in row.against_baseline]),
                _ratios([c.ratio for c in row.against_controls]),
            ),
        )
        for row in summarise(results)
    ]


def run_rows(results: Results) -> list[Row]:
    """One row per run."""
    return [Row(lane.name, _run_cells(results, run)) for lane in results.lanes for run in lane.runs]


def comparison_rows(results: Results) -> list[Row]:
    """One row per comparison and clock."""
    return [
        Row(
            c.lane,
            (
                Cell(c.against),
                Cell(c.clock),
                Cell(words.ratio(c.ratio), -1.0 if c.ratio is None else c.ratio),
                Cell(words.interval_of(c)),
                Cell(words.p_value(c.p_value), 2.0 if c.p_value is None else c.p_value),
                Cell(str(c.pairs), c.pairs),
                Cell(f"{c.hits} and {c.against_hits}"),
                Cell(c.verdict),
            ),
        )
        for c in results.comparisons
    ]


def _run_cells(results: Results, run: Run) -> tuple[Cell, ...]:
    outcome = "reached" if run.hit else "missed"
    return (
        Cell(str(run.seed), run.seed),
        Cell(outcome, note=run.stopped or ""),
        _time(run, "wall"),
        _time(run, "calibrated"),
        _amount(run.steps_to_target, run.steps),
        _amount(run.examples_to_target, run.examples),
        _metric(results, run.final_metric),
        _metric(results, run.test_metric),
        Cell(words.seconds(run.budget_s), run.budget_s),
        Cell("none", -1.0) if run.peak_memory_bytes is None else _memory(run.peak_memory_bytes),
        Cell("none", -1.0) if run.flops is None else Cell(words.count(run.flops), run.flops),
    )


def _time(run: Run, clock: Clock) -> Cell:
    reached, end = time_to_target(run, clock), length(run, clock)
    if reached is None:
        return Cell(f"> {words.seconds(end)}", _LAST + end)
    return Cell(words.seconds(reached), reached)


def _amount(reached: float | None, end: float) -> Cell:
    if reached is None:
        return Cell(f"> {words.count(end)}", _LAST + end)
    return Cell(words.count(reached), reached)


def _metric(results: Results, value: float | None) -> Cell:
    return Cell(words.metric(results, value), -1.0 if value is None else value)


def _memory(size: int) -> Cell:
    return Cell(f"{size / 2**20:,.0f} MiB", size)


def _median(middle: Median | None, *, of_time: bool = True) -> Cell:
    if middle is None:
        return Cell("none", 2 * _LAST)
    text = words.seconds(middle.value) if of_time else words.count(middle.value)
    return Cell(f"> {text}", _LAST + middle.value) if middle.at_least else Cell(text, middle.value)


def _spread(results: Results, found: Spread | None) -> Cell:
    if found is None:
        return Cell("none", -1.0)
    note = words.metric_range(results, found.low, found.high)
    return Cell(words.metric(results, found.median), found.median, note)


def _ratios(ratios: list[float | None]) -> Cell:
    if not ratios:
        return Cell("", -2.0)
    first = ratios[0]
    return Cell(", ".join(words.ratio(value) for value in ratios), -1.0 if first is None else first)
