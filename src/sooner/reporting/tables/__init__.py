"""The tables of the page, one file each, as plain text with sort keys."""

from __future__ import annotations

from sooner.reporting.tables._base import Cell, Row, Table
from sooner.reporting.tables.budgets import budgets
from sooner.reporting.tables.comparisons import comparisons
from sooner.reporting.tables.lanes import lanes
from sooner.reporting.tables.runs import confirmation_runs, runs
from sooner.reporting.tables.survival import survival
from sooner.reporting.tables.tuning import searches
from sooner.results.records import Results

__all__ = ["Cell", "Row", "Table", "all_tables"]


def all_tables(results: Results) -> dict[str, Table]:
    """Every table of a race by its key, those without rows included."""
    tables = [
        budgets(results),
        lanes(results),
        survival(results),
        runs(results),
        confirmation_runs(results),
        comparisons(results),
        searches(results),
    ]
    return {table.key: table for table in tables}
