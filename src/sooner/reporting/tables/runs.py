"""The table of runs, of the race and of its confirmation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sooner.reporting import format as words
from sooner.reporting.summary import has_examples
from sooner.reporting.tables import _base as cells
from sooner.reporting.tables._base import NONE, Cell, Row, Table
from sooner.results.records import Results, Run

_EXAMPLES = "Examples to target"
_Columns = dict[str, Callable[[Run], Cell]]


def runs(results: Results) -> Table:
    """One row per run of the race."""
    return _table("runs", "Runs", results, [(lane.name, lane.runs) for lane in results.lanes])


def confirmation_runs(results: Results) -> Table:
    """One row per run on fresh seeds."""
    return _table("fresh", "Runs on fresh seeds", results, list(results.confirmation.items()))


def _table(key: str, caption: str, results: Results, lanes: Sequence[tuple[str, list[Run]]]) -> Table:
    columns = _columns(results, [run for _, lane_runs in lanes for run in lane_runs])
    silent = {lane.name for lane in results.lanes if not lane.counts_examples}
    rows = []
    for name, lane_runs in lanes:
        own = {**columns, _EXAMPLES: lambda run: NONE} if _EXAMPLES in columns and name in silent else columns
        rows += [Row(name, tuple(cell(run) for cell in own.values())) for run in lane_runs]
    return Table(key, caption, ("Lane", *columns), tuple(rows))


def _columns(results: Results, shown: Sequence[Run]) -> _Columns:
    """The columns that every race has, and of the others those that some run has a value for."""
    columns: _Columns = {"Seed": lambda run: Cell(str(run.seed), run.seed), "Target": _outcome}
    columns["Wall"] = lambda run: cells.time(run)
    columns["Steps to target"] = lambda run: cells.amount(run.steps_to_target, run.steps)
    if has_examples(results):
        columns[_EXAMPLES] = lambda run: cells.amount(run.examples_to_target, run.examples)
    columns |= {
        "Final": lambda run: cells.metric(results, run.final_metric),
        "Test": lambda run: cells.metric(results, run.test_metric),
        "Whole run": lambda run: Cell(words.seconds(run.budget_s), run.budget_s),
    }
    if any(run.peak_memory_bytes is not None for run in shown):
        columns["Peak memory"] = _memory
    if any(run.flops is not None for run in shown):
        columns["FLOPs"] = lambda run: NONE if run.flops is None else Cell(words.count(run.flops), run.flops)
    if any(run.sparse_flops is not None for run in shown):
        columns["FLOPs of live weights"] = _live
    if any(run.energy_joules is not None for run in shown):
        columns["Energy"] = _energy
    if len({run.host for run in shown}) > 1:
        columns["Machine"] = lambda run: Cell(run.host)
    return columns


def _outcome(run: Run) -> Cell:
    text = "reached" if run.hit else "missed"
    if run.resumed:
        text += f", resumed {words.number_of(run.resumed, 'time')}"
    if run.attempts > 1:
        text += f", attempt {run.attempts}"
    return Cell(text, note=run.stopped or ("what it wrote last" if run.output else ""), more=run.output or "")


def _memory(run: Run) -> Cell:
    size = run.peak_memory_bytes
    return NONE if size is None else Cell(f"{size / 2**20:,.0f} MiB", size)


def _live(run: Run) -> Cell:
    count = run.sparse_flops
    return NONE if count is None else Cell(words.count(count), count)


def _energy(run: Run) -> Cell:
    used = run.energy_joules
    return NONE if used is None else Cell(words.energy(used), used)
