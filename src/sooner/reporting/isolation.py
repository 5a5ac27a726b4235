"""Checks of what the lanes of a race of recipes differ in: whether methods are isolated, and rates tuned alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sooner.reporting.check import Check
from sooner.reporting.conclusions import differing
from sooner.reporting.format import join, number_of, ratio, significant
from sooner.reporting.rates import cost, extent, is_searching, may_be_luck, searched
from sooner.reporting.summary import BASELINE, comparisons, contestants, own
from sooner.reporting.tones import tone
from sooner.reporting.wording import change
from sooner.results.changes import Change, methods, settings
from sooner.results.kinds import is_rate
from sooner.results.records import Lane, Results
from sooner.results.tuning import luck

_EQUAL = (
    "Every lane trains at the baseline's learning rate. It was not searched for each of them: a method that needs "
    "another rate is not shown at its best; --tune searches them all alike."
)


def isolation(results: Results) -> Iterable[Check]:
    """Methods that no lane was raced without, all else kept."""
    baseline = _baseline(results)
    if baseline is None:
        return
    by_name = {lane.name: lane for lane in results.lanes}
    for lane in _under_test(results):
        against = [by_name[name] for name in lane.opponents if name in by_name] or [baseline]
        apart = [differing(results, lane, other) for other in against]
        alone = {methods(found) for found in apart if not settings(found)}
        hidden = [name for name in methods(differing(results, lane, baseline)) if (name,) not in alone]
        if hidden:
            yield Check(
                "caution",
                "Method not isolated",
                f"No lane differs from {lane.name} in {join(hidden)} alone, so nothing here says whether "
                f"{'it pays' if len(hidden) == 1 else 'they pay'} by {'itself' if len(hidden) == 1 else 'themselves'}.",
            )


def rates(results: Results) -> Iterable[Check]:
    """Whether the learning rates were searched on equal terms, and where not, which lanes have one of their own."""
    baseline = _baseline(results)
    if baseline is None or _rate(baseline.recipe) is None or not _under_test(results):
        return
    found = searched(results)
    if len(found) == len(results.lanes):
        yield from _searched(results)
        return
    if found:
        yield Check(
            "caution",
            "Rates not tuned",
            f"The learning rates of {join([lane.name for lane, _ in found])} were searched, those of the other lanes "
            "were not: compare within a race, whose lanes were treated alike.",
        )
        return
    apart_by = {lane.name: apart for lane in _under_test(results) if (apart := _rates(results, lane, baseline))}
    if not apart_by:
        yield Check("good", "Rates", _EQUAL)
        return
    named = join([f"{name} ({', '.join(map(_told, apart))})" for name, apart in apart_by.items()])
    won = [name for name in apart_by if any(tone(c) == "faster" for c in comparisons(results, name, BASELINE))]
    gain = (
        f" {join(won)} {'is' if len(won) == 1 else 'are'} faster than the baseline at another rate: the baseline may "
        "gain as much by it."
        if won
        else ""
    )
    yield Check(
        "caution",
        "Rates not tuned",
        f"Learning rates were not tuned equally: {named}, while the baseline keeps the task's own.{gain} A race with "
        "--tune searches them all alike.",
    )


def _searched(results: Results) -> Iterable[Check]:
    """Of a race all of whose rates were searched: how, and what the search leaves open."""
    found = searched(results)
    if is_searching(results):
        ended = sum(trial.runs for _, tuning in found for trial in tuning.trials)
        yield Check(
            "caution",
            "Rates",
            f"Still being searched, {extent(results)}: {number_of(ended, 'trial')} of "
            f"{sum(len(tuning.trials) * tuning.seeds for _, tuning in found)} ended so far.",
        )
        return
    apart = max((tuning.apart or 0.0 for _, tuning in found if tuning.by == "reached"), default=0.0)
    sure = (
        f" So few trials do not tell rates apart that differ by less than {significant(100 * apart)}% in the examples "
        "to the target: of those next to the best, the middle one was taken."
        if apart
        else ""
    )
    yield Check(
        "good",
        "Rates tuned",
        f"The learning rate of every lane, controls and baseline alike, was searched before the race, on other seeds: "
        f"{extent(results)}, {cost(results)}, not on the clock.{sure}",
    )
    for edge in ("lowest", "highest"):
        at_end = [f"{lane.name} ({tuning.chosen:g})" for lane, tuning in found if tuning.edge == edge]
        if at_end:
            yield Check(
                "caution",
                "Rate at the end",
                f"{join(at_end)} {'was' if len(at_end) == 1 else 'were'} best at the {edge} rate that was tried, and "
                f"may be better at a {'lower' if edge == 'lowest' else 'higher'} one: a lead over "
                f"{'it' if len(at_end) == 1 else 'them'} may be less. Race again with more: --tune-rates.",
            )
    lucky = [f"{c.lane} against {c.against} ({ratio(c.ratio)})" for c in own(results) if may_be_luck(results, c)]
    if lucky:
        most = max(luck(tuning) for _, tuning in found)
        yield Check(
            "caution",
            "Luck of the search",
            f"{join(lucky)}: {'a verdict' if len(lucky) == 1 else 'verdicts'} on these recipes at these rates. But of "
            f"two lanes that are equally good one may come to be up to {ratio(most)} as fast because its few trials "
            "found a luckier rate, so this says nothing of a method. More trials tell: --tune-seeds.",
        )
    never = [lane.name for lane, tuning in found if tuning.by == "metric"] if not results.rungs else []
    if never:
        yield Check(
            "caution",
            "Rates",
            f"No trial of {join(never)} reached the target: {'its' if len(never) == 1 else 'their'} rate was chosen by "
            f"the {results.metric} at the end.",
        )


def _under_test(results: Results) -> list[Lane]:
    return [lane for lane in results.lanes if lane.role == "lane"] if contestants(results) == "recipes" else []


def _baseline(results: Results) -> Lane | None:
    return next((lane for lane in results.lanes if lane.role == "baseline"), None)


def _rate(recipe: Mapping[str, Any]) -> Any:
    optimizer = recipe.get("optimizer")
    return optimizer.get("lr") if isinstance(optimizer, Mapping) else None


def _rates(results: Results, lane: Lane, baseline: Lane) -> list[Change]:
    """Another rate, or another optimizer, which needs one of its own."""
    return [
        each
        for each in differing(results, lane, baseline)
        if is_rate(each) or (each.field == "optimizer" and each.method)
    ]


def _told(given: Change) -> str:
    if not given.method:
        return change(given)
    rate = _rate({"optimizer": given.after})
    return change(given) if rate is None else f"{change(given)}, at {rate:g}"
