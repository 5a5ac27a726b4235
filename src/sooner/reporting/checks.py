"""Checks of a race: what speaks for its verdicts and what against, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from statistics import median
from typing import Any

from sooner.reporting import format as words
from sooner.reporting.check import Check as Check
from sooner.reporting.check import Severity as Severity
from sooner.reporting.costs import bills
from sooner.reporting.headlines import tone
from sooner.reporting.isolation import isolation, rates
from sooner.reporting.metric_checks import metric_checks
from sooner.reporting.notices import notice
from sooner.reporting.own_word import own_word
from sooner.reporting.summary import CONTROLS, comparisons, confirmed, contestants, kind, own
from sooner.reporting.wording import verdict
from sooner.results.records import Lane, Results
from sooner.statistics.signed_rank import ALPHA, min_pairs

_MOST_NAMED = 3  # runs that stopped early, named one by one


def checks(results: Results) -> list[Check]:
    """Everything a reader should know before believing the verdicts, the doubts that the race itself noted last."""
    return [
        *_complete(results),
        *_pairs(results),
        *_chosen(results),
        *_looks(results),
        *_confirmation(results),
        *_hits(results),
        *bills(results),
        *_stopped(results),
        *_first_look(results),
        *metric_checks(results),
        *_controls(results),
        *own_word(results),
        *isolation(results),
        *rates(results),
        *_many(results),
        *(Check("caution", "Noted", _as_named(notice(noted), results)) for noted in results.notices),
        *_quiet(results),
    ]


def _as_named(text: str, results: Results) -> str:
    """The text as a sentence; a lane's name at its start stays as it is, since B may be another lane than b."""
    named = any(text.startswith(f"{lane.name} ") for lane in results.lanes)
    return words.stopped(text) if named else words.sentence(text)


def _complete(results: Results) -> Iterable[Check]:
    if results.complete:
        return
    ran = sum(len(lane.runs) for lane in results.lanes)
    planned = results.pairs * len(results.lanes)
    yield Check(
        "bad",
        "Incomplete race",
        f"Only {_of(ran, planned)} {'is' if ran == 1 else 'are'} in. Everything here will change until the rest has "
        "been run.",
    )


def _of(part: int, whole: int) -> str:
    """ "12 of 16 runs", "1 run" where the whole is not known."""
    return f"{part} of {words.number_of(whole, 'run')}" if whole else words.number_of(part, "run")


def _pairs(results: Results) -> Iterable[Check]:
    found = own(results)
    counts = [c.pairs for c in found]
    if not counts:
        yield Check("bad", "Nothing compared", "No two lanes have runs to compare, so there is no verdict.")
        return
    fewest = min(counts)
    pairs = words.number_of(fewest, "pair")
    if any(map(words.undecidable, found)):
        enough = max(min_pairs(c.alpha) or 0 for c in found)
        lanes = results.family
        shared = f", as {words.number_of(lanes, 'lane')} share the 5%" if lanes > 1 else ""
        yield Check(
            "bad",
            "Too few pairs",
            f"A comparison rests on {pairs} of runs. No result is surprising enough for a verdict with fewer than "
            f"{enough}{shared}.",
        )
    else:
        yield Check(
            "good", "Pairs", f"{pairs} of runs behind every verdict, each sharing its seed, split and order of data."
        )


def _chosen(results: Results) -> Iterable[Check]:
    if results.set_before is not None:
        planned = words.goal(replace(results, target=results.set_before))
        yield Check(
            "caution",
            "Target chosen",
            f"The race was planned for {planned}, and this target was chosen after it. Verdicts allow for the choice "
            "among all targets; a race of its own says more.",
        )


def _looks(results: Results) -> Iterable[Check]:
    looks = max([c.looks for c in own(results)], default=1)
    if looks > 1 and results.detect is None:
        yield from _added(results)
    elif looks > 1:
        yield Check(
            "good",
            "Looks",
            f"The race looked up to {looks} times whether it was decided. Its intervals are wider to allow for that: "
            "over all looks together a false verdict has a chance of at most 5%.",
        )
    dropped = [lane.name for lane in results.lanes if lane.dropped_after is not None]
    if dropped:
        yield Check(
            "good",
            "Stopped lanes",
            f"{words.join(dropped)} could not win any more, and ran fewer pairs than the rest. "
            "All that they ran is counted.",
        )


def _added(results: Results) -> Iterable[Check]:
    """Pairs added to a race, or races joined, when a verdict could be seen already."""
    alpha = min(c.alpha for c in own(results))
    seen = words.join([str(pairs) for pairs in results.looked])
    when = f"after {seen} could be seen" if seen else "when a verdict could be seen already"
    yield Check(
        "good",
        "Looks",
        f"Pairs were added {when}, which is another chance of a false verdict. So all pairs together are judged at "
        f"{100 * alpha:.2g}%, half of what the looks before left of the 5%, and intervals are wider: over all looks "
        "together a false verdict has a chance of at most 5%.",
    )
    now = {(c.lane, c.against): tone(c) for c in own(results)}
    for before in results.earlier:
        shown = tone(before)
        if shown in ("faster", "slower") and shown != now.get((before.lane, before.against)):
            yield Check(
                "caution",
                "Earlier look",
                f"After {words.number_of(before.pairs, 'pair')} {before.lane} against {before.against} was "
                f"{verdict(before)}. That verdict was paid for and stands, though the wider interval of all pairs does "
                "not show it again.",
            )


def _confirmation(results: Results) -> Iterable[Check]:
    before = {(c.lane, c.against): tone(c) for c in own(results)}
    for c in confirmed(results):
        result = f"{c.lane} against {c.against}, on {words.number_of(c.pairs, 'fresh pair')}: {verdict(c)}."
        if tone(c) == before.get((c.lane, c.against)):
            yield Check("good", "Confirmed", result)
        else:
            yield Check("caution", "Not confirmed", f"{result} Trust this one, as no choice was made by it.")


def _hits(results: Results) -> Iterable[Check]:
    runs = sum(len(lane.runs) for lane in results.lanes)
    missed = {lane.name: sum(not run.hit for run in lane.runs) for lane in results.lanes}
    total = sum(missed.values())
    if not runs:
        return
    if not total:
        yield Check("good", "Target reached", "By the one run." if runs == 1 else f"By all {runs} runs.")
        return
    where = words.join([f"{count} of {name}" for name, count in missed.items() if count])
    yield Check(
        "caution",
        "Target missed",
        f"By {_of(total, runs)} ({where}). They count as slower than their budget, and are never left out.",
    )


def _stopped(results: Results) -> Iterable[Check]:
    runs = [(lane.name, run) for lane in results.lanes for run in lane.runs if run.stopped]
    if runs:
        amount = words.number_of(len(runs), "run")
        named = [f"{name}, seed {run.seed} ({run.stopped})" for name, run in runs[:_MOST_NAMED]]
        rest = [f"{len(runs) - _MOST_NAMED} more, listed below"] if len(runs) > _MOST_NAMED else []
        yield Check("caution", "Stopped early", f"{amount} ended before the budget: {'; '.join(named + rest)}.")


def _first_look(results: Results) -> Iterable[Check]:
    runs = [run for lane in results.lanes for run in lane.runs]
    at_once = [run for run in runs if run.hit and run.evaluations and run.evaluations[0].metric >= results.target]
    if not at_once:
        return
    amount = words.number_of(len(at_once), "seed" if results.rungs else "run")
    best = max(run.evaluations[0].metric for run in at_once)
    higher = f"Set a target above {words.significant(best)}, the best that a first evaluation found"
    if results.rungs:
        text = f"{amount} reached it at the smallest budget: how little is enough is unknown."
    elif len(at_once) == len(runs):
        text = f"Every run had reached it at its first evaluation, so there is nothing to compare. {higher}."
    elif not any(run.evaluations[0].step for run in at_once):
        text = (
            f"{amount} had reached it before any training, and count as no later than their next evaluation. {higher}."
        )
    else:
        text = (
            f"{amount} had reached it at the very first evaluation, so when is not known. {higher}, or evaluate more "
            "often."
        )
    yield Check("bad" if len(at_once) == len(runs) else "caution", "Target too easy", text)


def _controls(results: Results) -> Iterable[Check]:
    # A lane that is the baseline's recipe on another budget is a control itself.
    lanes = [lane for lane in results.lanes if lane.role == "lane" and kind(results, lane) != "fitted"]
    if not lanes:
        return
    if not any(lane.role == "baseline" for lane in results.lanes):
        yield Check("bad", "No baseline", "Without it, nothing here says what a user would gain.")
    without = [lane for lane in lanes if not comparisons(results, lane.name, CONTROLS)]
    what = contestants(results)
    if without and what != "recipes":
        yield Check(
            "caution",
            "No control",
            f"A race of {what} cannot add controls itself. Where one trains for less than the baseline, race the "
            "baseline at that budget, too: it shows how much comes from simply training for less.",
        )
        return
    suspect = [lane.name for lane in without if not _spends_as_much_as_baseline(results, lane)]
    if suspect:
        yield Check(
            "caution",
            "No control",
            f"{words.join(suspect)} has no control: its gain may come from training for less, not from the method."
            if len(suspect) == 1
            else f"{words.join(suspect)} have no control: their gain may come from training for less.",
        )
    elif without:
        yield Check("good", "Controls", "Every lane that trains for less than the baseline has a control beside it.")
    else:
        yield Check("good", "Controls", "Every lane has the baseline and a control of its own size beside it.")


def _spends_as_much_as_baseline(results: Results, lane: Lane) -> bool:
    """By the budgets as they were written, else by the examples of the runs that spent theirs."""
    baselines = [other for other in results.lanes if other.role == "baseline"]
    if any(_budget(other) == _budget(lane) != (None, None) for other in baselines):
        return True
    full = [run.examples for other in baselines for run in other.runs if not run.stopped]
    mine = [run.examples for run in lane.runs if not run.stopped]
    return bool(full) and bool(mine) and median(mine) >= 0.99 * median(full)


def _budget(lane: Lane) -> tuple[Any, Any]:
    return lane.recipe.get("budget"), lane.recipe.get("batch_size")


def _many(results: Results) -> Iterable[Check]:
    """Whether all lanes together err in at most 5%, as they did not in races of earlier versions, nor joined ones."""
    lanes = {lane.name for lane in results.lanes if lane.role == "lane"}
    spent = {name: max((c.alpha for c in own(results) if c.lane == name), default=0.0) for name in lanes}
    total = sum(spent.values())
    if total > ALPHA + 1e-9:
        yield Check(
            "caution",
            "Many lanes",
            f"Each lane may be told falsely from the baseline with a chance of {100 * max(spent.values()):.2g}%: of "
            f"all {len(lanes)} together that is up to {100 * total:.2g}%.",
        )
    elif len(lanes) > 1:
        yield Check(
            "good",
            "Many lanes",
            f"{words.number_of(len(lanes), 'lane')} share the 5%: the chance that any of them is told falsely "
            "from the baseline, or from a control after that, is at most 5%, and intervals are that much wider.",
        )


def _quiet(results: Results) -> Iterable[Check]:
    if not results.notices:
        yield Check("good", "Machine", "The race noticed no other work on the machine.")
