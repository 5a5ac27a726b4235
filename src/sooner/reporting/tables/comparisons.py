"""The table of comparisons, on every clock."""

from __future__ import annotations

from sooner.reporting import format as words
from sooner.reporting.costs import cost_interval
from sooner.reporting.tables._base import Cell, Row, Table
from sooner.reporting.wording import verdict
from sooner.results.records import Results

_COST = "Ratio of expected times"
_COLUMNS = ("Against", "Clock", "Ratio", "95% interval", "p", "Pairs", "Looks", "Reached", _COST, "Verdict")


def comparisons(results: Results) -> Table:
    """One row per comparison and clock, those on fresh seeds marked and last; looks where there were several."""
    ordered = sorted(results.comparisons, key=lambda c: c.confirmation)
    looked = any(c.looks > 1 for c in ordered)
    rows = [
        Row(
            c.lane,
            (
                Cell(c.against, note="on fresh seeds" if c.confirmation else ""),
                Cell(c.clock),
                Cell(words.ratio(c.ratio), -1.0 if c.ratio is None else c.ratio),
                Cell(words.interval_of(c)),
                Cell(words.p_value(c.p_value), 2.0 if c.p_value is None else c.p_value),
                Cell(str(c.pairs), c.pairs),
                *([Cell(str(c.looks), c.looks)] if looked else []),
                Cell(f"{c.hits} and {c.against_hits}"),
                Cell(words.ratio(c.cost_ratio), -1.0 if c.cost_ratio is None else c.cost_ratio, cost_interval(c)),
                Cell(verdict(c)),
            ),
        )
        for c in ordered
    ]
    columns = tuple(column for column in _COLUMNS if looked or column != "Looks")
    return Table("comparisons", "Comparisons", ("Lane", *columns), tuple(rows))
