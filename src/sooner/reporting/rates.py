"""How learning rates were found, in words: what was tried, what was chosen, and what that cost."""

from __future__ import annotations

from sooner.reporting import format as words
from sooner.reporting.tones import tone
from sooner.results.records import Comparison, Lane, Results
from sooner.results.tuning import Trial, Tuning, luck


def searched(results: Results) -> list[tuple[Lane, Tuning]]:
    """The lanes whose rates were searched, or are being."""
    return [(lane, lane.tuning) for lane in results.lanes if lane.tuning is not None]


def is_searching(results: Results) -> bool:
    """Whether trials are missing."""
    return any(tuning.chosen is None for _, tuning in searched(results))


def extent(results: Results) -> str:
    """ "5 rates with 2 seeds each": the same for all lanes of a race."""
    rates = sorted({len(tuning.trials) for _, tuning in searched(results)})
    seeds = sorted({tuning.seeds for _, tuning in searched(results)})
    tried = f"{rates[0]} to {rates[-1]} rates" if len(rates) > 1 else words.number_of(rates[0], "rate")
    return f"{tried} with {words.join([words.number_of(count, 'seed') for count in seeds])} each"


def cost(results: Results) -> str:
    """ "40 runs, 1 min 20 s"."""
    found = [tuning for _, tuning in searched(results)]
    runs, seconds = sum(tuning.runs for tuning in found), sum(tuning.seconds for tuning in found)
    return f"{words.number_of(runs, 'run')}, {words.seconds(seconds)}"


def told(tuning: Tuning) -> str:
    """What became of the rate of one lane: "0.1, in place of 0.05; 0.05 to 0.2 could not be told apart"."""
    if tuning.chosen is None:
        ended = sum(trial.runs for trial in tuning.trials)
        return f"{ended} of {words.number_of(len(tuning.trials) * tuning.seeds, 'trial')} in"
    kept = "as it was written" if tuning.chosen == tuning.own else f"in place of {tuning.own:g}"
    near = near_of(tuning)
    alike = f"; {near[0].rate:g} to {near[-1].rate:g} could not be told apart" if len(near) > 1 else ""
    edge = f"; the {tuning.edge} that was tried" if tuning.edge else ""
    by = "" if tuning.by == "reached" else "; by the metric at the end"
    return f"{tuning.chosen:g}, {kept}{alike}{edge}{by}"


def may_be_luck(results: Results, comparison: Comparison) -> bool:
    """Whether a verdict shows no more than one of two equal lanes may gain by a luckier search for its rate."""
    found = {lane.name: tuning for lane, tuning in searched(results)}
    limit = luck(found.get(comparison.lane), found.get(comparison.against))
    ratio = comparison.ratio or comparison.ci_low or comparison.ci_high
    return tone(comparison) in ("faster", "slower") and ratio is not None and 1 / limit < ratio < limit


def near_of(tuning: Tuning) -> list[Trial]:
    """The rates that the trials could not tell from the best."""
    return [trial for trial in tuning.trials if trial.near]
