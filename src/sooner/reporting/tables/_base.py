"""What the tables share: their record, and the words and sort keys of their cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sooner.reporting import format as words
from sooner.reporting.summary import Median, Spread
from sooner.results.records import Results, Run

LAST = 1e15  # added to what sorts a run that missed the target: behind all that reached it


@dataclass(frozen=True)
class Cell:
    """A cell's text and the number it sorts by; without one it is text, on the left, and sorts by the alphabet.

    `note` stands below in small; `more` unfolds, headed by `note`.
    """

    text: str
    sort: float | None = None
    note: str = ""
    more: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table, headed by the lane it is about."""

    lane: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table of the page. Its shape and its columns do not depend on the target, only its cells do."""

    key: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def texts(self) -> Iterator[tuple[str, str]]:
        """What the page shows, by place: "runs.3.2" is the cell, with ".note" and "@data-sort" what belongs to it."""
        for r, row in enumerate(self.rows):
            for c, cell in enumerate(row.cells):
                place = f"{self.key}.{r}.{c}"
                yield place, cell.text
                yield f"{place}.note", cell.note
                if cell.sort is not None:
                    yield f"{place}@data-sort", f"{cell.sort:.6g}" if cell.sort < LAST else f"{cell.sort:.0f}"


NONE = Cell("none", -1.0)


def time(run: Run) -> Cell:
    """A run's time to target, or the bound that it leaves."""
    reached, end = run.time_to_target_s, run.budget_s
    if reached is None:
        return Cell(f"> {words.seconds(end)}", LAST + 1000 * end)
    return Cell(words.seconds(reached), reached)


def amount(reached: float | None, end: float) -> Cell:
    """Steps or examples to the target, or the bound."""
    if reached is None:
        return Cell(f"> {words.count(end)}", LAST + 1000 * end)
    return Cell(words.count(reached), reached)


def metric(results: Results, value: float | None) -> Cell:
    """A value of the race's metric."""
    return Cell(words.metric(results, value), -1.0 if value is None else value)


def median(middle: Median | None, say: words.Wording = words.seconds) -> Cell:
    """A median of what the runs needed, or the bound where half of them missed."""
    if middle is None:
        return Cell("none", 2 * LAST)
    text = say(middle.value)
    return Cell(f"> {text}", LAST + 1000 * middle.value) if middle.at_least else Cell(text, middle.value)


def spread(results: Results, values: Spread | None) -> Cell:
    """A median of the metric with its range."""
    if values is None:
        return NONE
    note = words.metric_range(results, values.low, values.high)
    return Cell(words.metric(results, values.median), values.median, note)
