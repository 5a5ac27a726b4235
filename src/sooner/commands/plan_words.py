"""What `sooner plan` shows: the pace of the lanes, the pairs that a difference takes, and what to do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from sooner.commands.progress import clock
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import planned
from sooner.racing.recipes.pace import Pace, race_seconds
from sooner.racing.record import RunRecord
from sooner.reporting import format as words
from sooner.reporting.console import ruled_table
from sooner.results.forecast import Forecast, Noise, alone, total_pairs
from sooner.statistics.power import PRIOR_CV


def lanes(plan: Plan, paces: Mapping[str, Pace], seconds: Mapping[str, float]) -> Table:
    """A row per lane: the seconds of a step, and of a run."""
    table = ruled_table("lane", "seconds per step", "time of a run")
    for lane in plan.lanes:
        table.add_row(lane.name, words.significant(paces[lane.name].step), words.seconds(seconds[lane.name]))
    return table


def trials(plan: Plan) -> str:
    """ "40 trials of the learning rates of 4 lanes, controls included"."""
    runs = planned(plan)
    lanes = words.number_of(len(plan.lanes), "lane")
    return f"{words.number_of(len(runs), 'trial')} of the learning rates of {lanes}, controls included"


def forecasts(expected: Sequence[Forecast], plan: Plan, seconds: Mapping[str, float]) -> Table:
    """A row per difference to find: the pairs that it takes, and their time on this machine."""
    table = ruled_table("to find", "pairs", "time here", "quiet to noisy", "until decided", "time here")
    for forecast in expected:
        decided = f"{forecast.expected:.1f}" if forecast.expected is not None else f"at most {forecast.maximal}"
        pairs = forecast.expected if forecast.expected is not None else forecast.maximal
        table.add_row(
            percent(forecast.difference),
            str(forecast.pairs),
            clock(race_seconds(plan, seconds, forecast.pairs)),
            f"{forecast.quiet} to {forecast.noisy}",
            decided,
            clock(race_seconds(plan, seconds, 1) * pairs),
        )
    return table


def noises(known: Sequence[Noise], detect: float, pair: float) -> Table:
    """A row per comparison of a race: its noise so far, and the pairs that are missing to find `detect`."""
    table = ruled_table("lane", "against", "clock", "pairs", "sd", "planned", f"for {percent(detect)}", "more", "time")
    for noise in known:
        more = max(0, total_pairs(noise, detect) - noise.pairs)
        table.add_row(
            noise.lane,
            noise.against,
            noise.clock,
            str(noise.pairs),
            "unknown" if noise.sd is None else f"{noise.sd:.3f}",
            f"{noise.expected_sd:.3f}",
            str(noise.pairs + more),
            str(more),
            clock(more * pair),
        )
    return table


def advice(folder: Path, plan: Plan, known: Sequence[Noise], detect: float, pair: float, complete: bool) -> list[str]:
    """What to do, and what the numbers rest on."""
    wall = [noise for noise in known if noise.clock == "wall"]
    worst = max(wall, key=lambda noise: total_pairs(noise, detect) - noise.pairs)
    more = max(0, total_pairs(worst, detect) - worst.pairs)
    difference = percent(detect)
    where = shlex.quote(str(folder))
    lines = [
        "sd is that of a pair's log-ratio of times, from pairs in which both runs reached the target. Planned is with "
        f"the noise of other tasks mixed in (published, {PRIOR_CV:.1%} from seed to seed), at {_weights(wall)} of the "
        "weight."
    ]
    if not more:
        lines.append(f"Enough: a difference of {difference} would show in 8 of 10 races with the pairs that have run.")
    elif not complete and plan.rules.until == "decided":
        lines.append(
            f"This race is until decided, at most {words.number_of(plan.pairs, 'pair')}, and ends when it is: "
            f"sooner race --resume {where}"
        )
    elif not complete and worst.pairs + more <= plan.pairs:
        planned = "pair that was planned is" if plan.pairs == 1 else f"{plan.pairs} pairs that were planned are"
        lines.append(f"The {planned} enough: sooner race --resume {where}")
    elif plan.rules.until == "decided" or plan.rules.confirm:
        fresh = alone(worst, detect)
        lines.append(
            "This race has chosen by what it saw, so its pairs cannot simply be added to. A new one for "
            f"{worst.lane} against {worst.against} takes {words.number_of(fresh, 'pair')}, {clock(fresh * pair)} here."
        )
    else:
        lines.append(
            f"{words.number_of(more, 'pair')} more, {clock(more * pair)} here, for {worst.lane} against "
            f"{worst.against} on the wall clock: sooner race --resume {where} --pairs {worst.pairs + more}"
        )
        fresh = alone(worst, detect)
        if worst.pairs + more > fresh:  # see `total_pairs`
            lines.append(
                "Some of these pairs are for asking again: a verdict on the first ones could be seen already. A race "
                f"of its own, on other seeds (--seed {plan.seed + plan.pairs}) and judged by these alone, takes "
                f"{words.number_of(fresh, 'pair')}."
            )
    if any(noise.known < noise.pairs for noise in wall):
        lines.append(
            f"{_missed(wall)} of the runs missed the target, which is planned for: more pairs show who comes first "
            "within the budget. By how much stays open where runs miss; a lower target or a larger budget shows both."
        )
    return lines


def _missed(known: Sequence[Noise]) -> str:
    shares = sorted({noise.missed for noise in known})
    return " to ".join(dict.fromkeys((f"{shares[0]:.0%}", f"{shares[-1]:.0%}")))


def _weights(known: Sequence[Noise]) -> str:
    """The share of the published noise in the planned one, which counts as one pair among those that are known."""
    shares = sorted({1 / max(1, noise.known) for noise in known})
    return " to ".join(dict.fromkeys((f"{shares[0]:.0%}", f"{shares[-1]:.0%}")))


def seconds_per_pair(plan: Plan, records: Sequence[RunRecord]) -> float:
    """A run of every lane, by the mean of those that ran; of the fitted protocol, all budgets that a seed took."""
    spent: dict[str, list[float]] = {}
    for record in records:
        spent.setdefault(record.lane, []).append(max(record.seconds, sum(record.phases.values())))
    if plan.rules.protocol == "fitted":
        return sum(map(sum, spent.values())) / len({record.seed for record in records})
    return sum(sum(seconds) / len(seconds) for seconds in spent.values())


def percent(share: float) -> str:
    """0.1 as "10%"."""
    return f"{100 * share:g}%"
