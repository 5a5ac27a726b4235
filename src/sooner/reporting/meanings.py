"""What a comparison can tell, by what its two lanes are to each other."""

from __future__ import annotations

from sooner.reporting.conclusions import differing, listed
from sooner.reporting.format import join
from sooner.reporting.summary import Kind, contestants, kind
from sooner.results.changes import Change, methods, settings
from sooner.results.kinds import taken_out
from sooner.results.records import Comparison, Lane, Results

_RELATION: dict[Kind, str] = {
    "baseline": "against the baseline",
    "fitted": "against its fitted control",
    "random": "against its random control",
    "random-mask": "against its random-mask control",
    "without": "against its control",
    "lane": "against the lane",
}
RELATIONS = tuple(_RELATION)  # in the order in which they are told
_GAIN = "What you gain over the baseline's recipe on all the data, at its full budget."
_GAIN_OF_PROGRAM = "What you gain over the baseline."
_MEANING: dict[Kind, str] = {
    "fitted": (
        "The control is the baseline's recipe on this lane's budget, with its schedule fitted to it: it shows how "
        "much comes from simply training for less."
    ),
    "random": "What choosing the examples adds. The control trains on as many, drawn at random.",
    "random-mask": "What choosing the weights adds. The control has as many, drawn at random before training.",
    "lane": "Two lanes of the race, side by side.",
}
_OWN_GAIN: dict[Kind, str] = {
    "fitted": "What simply training for less gains, without any method.",
    "random": "What as much data drawn at random gains, without choosing the examples.",
    "random-mask": "What as many weights drawn at random gain, without choosing the weights.",
    "without": "What is gained without that method, by all else that the lane changes.",
}
_APPOSITION: dict[Kind, str] = {
    "fitted": "the baseline trained for less",
    "random": "with as much data at random",
    "random-mask": "with as many weights at random",
}
_FITTED = "Each at the smallest budget that it needs, its schedule fitted to it."
_TUNED = " but the learning rate, which was searched for it as well"
_RATES = ", and at the baseline's learning rate, as rates do not carry over from one optimizer to another"


def relation(results: Results, comparison: Comparison) -> str:
    """What leads to the other lane's name: "against its fitted control", "against the" before "baseline"."""
    lane, other = _both(results, comparison)
    text = _RELATION[kind(results, other)]
    if kind(results, other) == "without":
        text = f"against {called(results, lane, other)}"
    return text.removesuffix(f" {other.name}")  # not "against the baseline baseline"


def called(results: Results, lane: Lane, other: Lane) -> str:
    """What `lane` is compared with: "the baseline", "its fitted control", "its control without ema"."""
    what = kind(results, other)
    if what == "baseline":
        return "the baseline"
    if what == "without":
        names = taken_out(lane, other, _baseline(results))
        return f"its control without {join(list(names))}" if names else "its control"
    return f"its {what} control"


def apposition(results: Results, control: Lane) -> str:
    """What a control is: "the baseline trained for less", "mine without ema"."""
    what = kind(results, control)
    if what != "without":
        return _APPOSITION[what]
    for lane in results.lanes:
        if lane.role == "lane" and control.name in lane.opponents:
            names = taken_out(lane, control, _baseline(results))
            if names:
                return f"{lane.name} without {join(list(names))}"
    return "without a method"


def meaning(results: Results, comparison: Comparison) -> str:
    """What the comparison can tell, in one or two sentences."""
    lane, other = _both(results, comparison)
    against = kind(results, other)
    recipes = contestants(results) == "recipes"
    if results.rungs:
        return f"{_FITTED} {_adds(differing(results, lane, other))}".strip() if recipes else _FITTED
    if against == "baseline":
        if lane.role == "control":
            return _OWN_GAIN[kind(results, lane)]
        return _GAIN if recipes else _GAIN_OF_PROGRAM
    if against == "fitted":
        return f"{_adds(differing(results, lane, other))} {_MEANING[against]}".strip()
    if against == "without":
        found = differing(results, lane, other)
        summary = str(other.recipe.get("summary") or f"{lane.name} without it").removesuffix(".")
        optimizer = any(each.field == "optimizer" and each.method for each in found)
        kept = _TUNED if other.tuning else _RATES if optimizer else ""
        return f"{_adds(found)} The control is {summary}, all else kept{kept}."
    return _MEANING[against]


def _adds(found: list[Change]) -> str:
    names, others = list(methods(found)), settings(found)
    if not names:
        return f"What these changes add: {listed(others)}." if others else ""
    if others:
        return f"What {join(names)} and other changes add together: {listed(others)}."
    return f"What {join(names)} {'itself adds' if len(names) == 1 else 'add together'}."


def _both(results: Results, comparison: Comparison) -> tuple[Lane, Lane]:
    by_name = {lane.name: lane for lane in results.lanes}
    return by_name[comparison.lane], by_name[comparison.against]


def _baseline(results: Results) -> Lane:
    return next(lane for lane in results.lanes if lane.role == "baseline")
