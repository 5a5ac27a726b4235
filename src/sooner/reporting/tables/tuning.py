"""The table of learning rates that were tried before the race."""

from __future__ import annotations

from sooner.reporting import format as words
from sooner.reporting.rates import searched
from sooner.reporting.tables._base import LAST, NONE, Cell, Row, Table, metric
from sooner.results.records import Results
from sooner.results.tuning import Trial, Tuning

_COLUMNS = ("Lane", "Learning rate", "Reached", "Examples per hit", "Final", "Taken")


def searches(results: Results) -> Table:
    """One row per lane and rate, to the target that the race was planned for; none where no rate was searched."""
    found = searched(results)
    rows = [Row(lane.name, _cells(results, tuning, trial)) for lane, tuning in found for trial in tuning.trials]
    return Table("tuning", "The learning rates that were tried before the race", _COLUMNS, tuple(rows))


def _cells(results: Results, found: Tuning, trial: Trial) -> tuple[Cell, ...]:
    return (
        Cell(f"{trial.rate:g}", trial.rate, note="as written" if trial.rate == found.own else ""),
        Cell(f"{trial.hits} of {trial.runs}", trial.hits),
        Cell("never", 2 * LAST) if trial.examples is None else Cell(words.count(trial.examples), trial.examples),
        NONE if trial.metric is None else metric(results, trial.metric),
        Cell(_taken(found, trial)),
    )


def _taken(found: Tuning, trial: Trial) -> str:
    if trial.rate == found.chosen:
        return "yes"
    return "not told apart from the best" if trial.near else ""
