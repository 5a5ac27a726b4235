"""`sooner plan`: how many pairs a question needs and how long they take here, before a race or from its own runs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sooner.commands.progress import clock
from sooner.commands.race import prepare
from sooner.errors import StoreError
from sooner.racing import race as racing
from sooner.racing.machine import describe as machine
from sooner.racing.plan.confirming import FRESH
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.rules import Rules
from sooner.racing.recipes.pace import Pace, measure, race_seconds, run_seconds, sizes_of
from sooner.racing.record import RunRecord
from sooner.reporting import format as words
from sooner.results.forecast import PUBLISHED_CV, Forecast, Noise, forecast, noises, total_pairs
from sooner.statistics.power import PRIOR_CV, log_ratio_sd, pairs_needed
from sooner.statistics.signed_rank import MIN_PAIRS

_DIFFERENCES = (0.05, 0.10, 0.20, 0.50)


def before(*, detect: float, **options: Any) -> None:
    """Measure the pace of every lane of the race that `options` ask for (see `recipes.prepare`), and plan it."""
    console = Console()
    rules = Rules(detect=detect)  # refuses what makes no sense before anything is measured
    plan, data = prepare(pairs=MIN_PAIRS, rules=rules, console=console, **options)
    busy = machine.load_by_others()
    with console.status(f"measuring the pace of {words.number_of(len(plan.lanes), 'lane')}"):
        paces = measure(plan, data)
    sizes = sizes_of(plan, data)
    seconds = {lane.name: run_seconds(lane, paces[lane.name], sizes, plan.every) for lane in plan.lanes}
    _say(
        console,
        f"{plan.task.name} to {plan.task.metric} {plan.target:g} on {plan.device} with "
        f"{words.number_of(plan.threads, 'thread')}: a pair is a run of each of "
        f"{words.number_of(len(plan.lanes), 'lane')}, {clock(race_seconds(plan, seconds, 1))} here.\n",
    )
    console.print(_lanes(plan, paces, seconds))
    with console.status("simulating races"):
        found = [forecast(log_ratio_sd(), each) for each in sorted({*_DIFFERENCES, detect})]
    console.print()
    console.print(_forecasts(found, plan, seconds))
    asked = next(each for each in found if each.difference == detect)
    _say(
        console,
        f"\nTo find {_percent(detect)} in 8 of 10 races: {words.number_of(asked.pairs, 'pair')}, "
        f"{clock(race_seconds(plan, seconds, asked.pairs))} here; or --until decided --max-pairs {asked.maximal} "
        f"--detect {_percent(detect)}, which takes as many as it needs.\n"
        "The seconds are measured here, now, on a few dozen steps of each recipe. The pairs are not from this task, of "
        f"which nothing is known yet: they suppose that times to target vary by {PRIOR_CV:.1%} from seed to seed, the "
        "median of 354 published configurations. Four fifths of those lie between "
        f"{PUBLISHED_CV[0]:.1%} and {PUBLISHED_CV[1]:.0%}, which is the column quiet to noisy. Once a few pairs have "
        "run, sooner plan --race FOLDER plans by what they show.",
    )
    if machine.is_busy(busy):
        _say(console, f"Other programs used {busy:.0%} of this machine's cores meanwhile; a quiet one would be faster.")


def during(folder: Path, *, detect: float) -> None:
    """Say from the runs of the race in `folder`, under way or over, how many pairs more its question needs.

    Raises StoreError where no pair of it has ended.
    """
    console = Console()
    Rules(detect=detect)
    plan, found = racing.load_plan(folder), racing.results(folder)
    own = [record for record in racing.finished(folder) if record.seed < plan.seed + FRESH]
    known = [noise for on in ("wall", "calibrated") for noise in noises(found, on)]
    if not known:
        raise StoreError(
            f"no two lanes of the race in {folder} have run the same seed yet, so it tells nothing of its noise; "
            f"let it run a pair (sooner race --resume {shlex.quote(str(folder))}), or plan with sooner plan TASK"
        )
    pair = _seconds_per_pair(plan, own)
    console.print(_noises(known, detect, pair))
    _say(console, "\n" + "\n".join(_advice(folder, plan, known, detect, pair, found.complete)))


def _lanes(plan: Plan, paces: Mapping[str, Pace], seconds: Mapping[str, float]) -> Table:
    table = _table("lane", "seconds per step", "time of a run")
    for lane in plan.lanes:
        table.add_row(lane.name, words.significant(paces[lane.name].step), words.seconds(seconds[lane.name]))
    return table


def _forecasts(found: Sequence[Forecast], plan: Plan, seconds: Mapping[str, float]) -> Table:
    table = _table("to find", "pairs", "time here", "quiet to noisy", "until decided", "time here")
    for each in found:
        decided = f"{each.expected:.1f}" if each.expected is not None else f"at most {each.maximal}"
        pairs = each.expected if each.expected is not None else each.maximal
        table.add_row(
            _percent(each.difference),
            str(each.pairs),
            clock(race_seconds(plan, seconds, each.pairs)),
            f"{each.quiet} to {each.noisy}",
            decided,
            clock(race_seconds(plan, seconds, 1) * pairs),
        )
    return table


def _noises(found: Sequence[Noise], detect: float, pair: float) -> Table:
    table = _table("lane", "against", "clock", "pairs", "sd", "planned", f"for {_percent(detect)}", "more", "time")
    for noise in found:
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


def _advice(folder: Path, plan: Plan, known: Sequence[Noise], detect: float, pair: float, complete: bool) -> list[str]:
    """What to do, and what the numbers rest on."""
    wall = [noise for noise in known if noise.clock == "wall"]
    worst = max(wall, key=lambda noise: total_pairs(noise, detect) - noise.pairs)
    more = max(0, total_pairs(worst, detect) - worst.pairs)
    percent = _percent(detect)
    where = shlex.quote(str(folder))
    lines = [
        "sd is that of a pair's log-ratio of times, from pairs in which both runs reached the target. Planned is with "
        f"the noise of other tasks mixed in (published, {PRIOR_CV:.1%} from seed to seed), at {_weights(wall)} of the "
        "weight."
    ]
    if not more:
        lines.append(f"Enough: a difference of {percent} would show in 8 of 10 races with the pairs that have run.")
    elif not complete and plan.rules.until == "decided":
        lines.append(
            f"This race is until decided, at most {words.number_of(plan.pairs, 'pair')}, and finds its end by itself: "
            f"sooner race --resume {where}"
        )
    elif not complete and worst.pairs + more <= plan.pairs:
        planned = "pair that was planned is" if plan.pairs == 1 else f"{plan.pairs} pairs that were planned are"
        lines.append(f"The {planned} enough: sooner race --resume {where}")
    elif plan.rules.until == "decided" or plan.rules.confirm:
        fresh = pairs_needed(worst.expected_sd, detect)
        lines.append(
            "This race has chosen by what it saw, so its pairs cannot simply be added to. A new one for "
            f"{worst.lane} against {worst.against} takes {words.number_of(fresh, 'pair')}, {clock(fresh * pair)} here."
        )
    else:
        lines.append(
            f"{words.number_of(more, 'pair')} more, {clock(more * pair)} here, for {worst.lane} against "
            f"{worst.against} on the wall clock: race them as this one was, with --seed {plan.seed + plan.pairs} "
            f"--pairs {more} and another --out, and join both with sooner compare {where} OTHER."
        )
        if worst.pairs >= MIN_PAIRS:  # see `total_pairs`
            lines.append("A fifth of the pairs is for asking again: a verdict on the first ones could be seen already.")
    if any(noise.known < noise.pairs for noise in wall):
        lines.append(
            "Where a run missed the target the pair's ratio is only a bound, which the sd does not hold and more pairs "
            "make up for poorly: a lower target or a larger budget tells more."
        )
    return lines


def _weights(found: Sequence[Noise]) -> str:
    """The share of the published noise in the planned one, which counts as one pair of all that tell."""
    shares = sorted({1 / max(1, noise.known) for noise in found})
    return " to ".join(dict.fromkeys((f"{shares[0]:.0%}", f"{shares[-1]:.0%}")))


def _seconds_per_pair(plan: Plan, records: Sequence[RunRecord]) -> float:
    """A run of every lane, by the mean of those that ran; of the fitted protocol, all budgets that a seed took."""
    spent: dict[str, list[float]] = {}
    for record in records:
        spent.setdefault(record.lane, []).append(max(record.seconds, sum(record.phases.values())))
    if plan.rules.protocol == "fitted":
        return sum(map(sum, spent.values())) / len({record.seed for record in records})
    return sum(sum(each) / len(each) for each in spent.values())


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold")
    return table


def _percent(share: float) -> str:
    return f"{100 * share:g}%"


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
