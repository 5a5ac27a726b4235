"""The table of lanes: medians over the runs of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median

from sooner.reporting import format as words
from sooner.reporting.summary import LaneSummary, cost, has_energy, has_examples, summarise
from sooner.reporting.tables import _base as cells
from sooner.reporting.tables._base import NONE, Cell, Row, Table
from sooner.results.records import Comparison, Results


def lanes(results: Results) -> Table:
    """One row per lane. Money and energy have columns where the race knows them."""
    columns = _columns(results)
    return Table(
        "lanes",
        "Lanes: medians over their runs",
        ("Lane", *columns),
        tuple(Row(row.lane.name, tuple(cell(row) for cell in columns.values())) for row in summarise(results)),
    )


def _columns(results: Results) -> dict[str, Callable[[LaneSummary], Cell]]:
    columns: dict[str, Callable[[LaneSummary], Cell]] = {
        "Role": _role,
        "Reached": lambda row: Cell(f"{row.hits} of {len(row.lane.runs)}", row.hits),
        "Time to target, wall": _wall,
    }
    if results.price_per_hour is not None:
        columns["Money to target"] = lambda row: cells.median(cost(results, row.wall), words.money)
    if has_examples(results):
        columns["Examples to target"] = lambda row: cells.median(row.examples, words.count)
    columns["Final"] = lambda row: cells.spread(results, row.final)
    if not results.rungs:
        columns["Noise"] = lambda row: _noise(results, row)
    columns["Test"] = lambda row: cells.spread(results, row.test)
    if has_energy(results):
        columns["Energy of a run"] = _energy
    columns["Against baseline"] = lambda row: _ratios(row.against_baseline)
    columns["Against control"] = lambda row: _ratios(row.against_controls)
    return columns


def _wall(row: LaneSummary) -> Cell:
    return replace(cells.median(row.wall), note="its own word" if row.lane.own_seconds else "")


def _role(row: LaneSummary) -> Cell:
    dropped = row.lane.dropped_after
    note = "" if dropped is None else f"stopped after {words.number_of(dropped, 'pair')}: could not win any more"
    return Cell(row.lane.role, note=note)


def _noise(results: Results, row: LaneSummary) -> Cell:
    """Of the metric, from one evaluation to the next, where the lane's runs cross the target."""
    noise = row.lane.metric_noise
    if noise is None:
        return NONE
    points = f"{words.significant(100 * noise)}%" if words.is_share(results) else words.significant(noise)
    return Cell(points, noise)


def _energy(row: LaneSummary) -> Cell:
    known = [run.energy_joules for run in row.lane.runs if run.energy_joules is not None]
    return Cell(words.energy(median(known)), median(known)) if known else NONE


def _ratios(comparisons: list[Comparison]) -> Cell:
    if not comparisons:
        return Cell("", -2.0)
    first = comparisons[0].ratio
    return Cell(
        ", ".join(words.ratio(c.ratio) for c in comparisons),
        -1.0 if first is None else first,
        "\n".join(filter(None, map(words.short_interval, comparisons))),
    )
