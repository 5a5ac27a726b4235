"""Checks of what the lanes of a race of recipes differ in: whether methods are isolated, and rates alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sooner.reporting.check import Check
from sooner.reporting.conclusions import differing
from sooner.reporting.format import join
from sooner.reporting.summary import BASELINE, comparisons, contestants
from sooner.reporting.tones import tone
from sooner.reporting.wording import change
from sooner.results.changes import Change, methods, settings
from sooner.results.records import Lane, Results

_EQUAL = (
    "Every lane trains at the baseline's learning rate. It was not searched for each of them: a method that needs "
    "another rate is not shown at its best."
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
    """Which lanes have a learning rate of their own, as none was searched on equal terms."""
    baseline = _baseline(results)
    if baseline is None or _rate(baseline.recipe) is None or not _under_test(results):
        return
    own = {lane.name: found for lane in _under_test(results) if (found := _rates(results, lane, baseline))}
    if not own:
        yield Check("good", "Rates", _EQUAL)
        return
    named = join([f"{name} ({', '.join(map(_told, found))})" for name, found in own.items()])
    won = [name for name in own if any(tone(c) == "faster" for c in comparisons(results, name, BASELINE))]
    gain = (
        f" {join(won)} {'is' if len(won) == 1 else 'are'} faster than the baseline at another rate: the baseline may "
        "gain as much by it."
        if won
        else ""
    )
    yield Check(
        "caution",
        "Rates not tuned",
        f"Learning rates were not tuned equally: {named}, while the baseline keeps the task's own.{gain}",
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
        if each.field == "optimizer" and (each.option == "lr" or each.method)
    ]


def _told(given: Change) -> str:
    if not given.method:
        return change(given)
    rate = _rate({"optimizer": given.after})
    return change(given) if rate is None else f"{change(given)}, at {rate:g}"
