"""What a lane of a race is to the others: baseline, a kind of control, or a lane of its own. Read off the recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sooner.results.changes import Change, changes
from sooner.results.records import Lane
from sooner.seams import SEAMS

Kind = Literal["baseline", "fitted", "random", "random-mask", "without", "lane"]
Contestants = Literal["recipes", "programs", "functions"]
_CHOOSING = tuple(where for where in SEAMS if where.control)  # seams whose choices have a control that picks at random
_KINDS: dict[str, Kind] = {"random": "random", "random-mask": "random-mask"}


def kind(lanes: Sequence[Lane], lane: Lane) -> Kind:
    """What `lane` is to those of `lanes` that are compared with it.

    A lane that is the baseline's recipe on another budget is a fitted control, also where the user raced it himself.
    """
    if lane.role == "baseline":
        return "baseline"
    baseline = next((other for other in lanes if other.role == "baseline"), None)
    if baseline and _but_for_budget(lane) == _but_for_budget(baseline):
        return "fitted"
    if lane.role != "control":
        return "lane"
    held = [other for other in lanes if other.role == "lane" and lane.name in other.opponents]
    if baseline and any(taken_out(other, lane, baseline) for other in held):
        return "without"
    return _at_random(held, lane)


def taken_out(lane: Lane, control: Lane, baseline: Lane) -> tuple[str, ...]:
    """The methods of `lane` in whose place `control` has what the baseline has; none where it has another method."""
    found = [change for change in changes(written(lane), written(control), but=_given(control)) if change.method]
    if all(_as_in(change, written(baseline)) for change in found):
        return tuple(dict.fromkeys(change.method for change in found))
    return ()


def between(lane: Lane, other: Lane) -> list[Change]:
    """What `lane` has otherwise than `other`. A control's budget is no change: the race gave it the lane's.

    Nor is another learning rate where the rate of both was searched alike, and that of `other` does not lie at the end
    of what was tried: each has the best that it can be given.
    """
    found = changes(lane.recipe, other.recipe, but=_given(other))
    return [change for change in found if not (is_rate(change) and tuned_alike(lane, other))]


def is_rate(change: Change) -> bool:
    """Whether it is another learning rate of the same optimizer."""
    return change.field == "optimizer" and change.option == "lr"


def tuned_alike(lane: Lane, other: Lane) -> bool:
    """Whether the learning rates of both were searched, and none of the other's that was left out may be better."""
    return lane.tuning is not None and other.tuning is not None and not other.tuning.edge


def written(lane: Lane) -> dict[str, Any]:
    """The lane's recipe as it was written: where its learning rate was searched, at the rate that it came with."""
    if lane.tuning is None:
        return lane.recipe
    return {**lane.recipe, "optimizer": {**lane.recipe["optimizer"], "lr": lane.tuning.own}}


def _given(other: Lane) -> tuple[str, ...]:
    return ("budget",) if other.role == "control" else ()


def contestants(lanes: Sequence[Lane]) -> Contestants:
    """What the lanes of a race run, by what they hold."""
    if any("command" in lane.recipe for lane in lanes):
        return "programs"
    return "functions" if any("function" in lane.recipe for lane in lanes) else "recipes"


def _as_in(change: Change, baseline: Mapping[str, Any]) -> bool:
    return change.before is None or change.before == baseline.get(change.field)


def _at_random(held: Sequence[Lane], control: Lane) -> Kind:
    """Which choice the control leaves to chance: the one in which it differs from a lane that it is compared with.

    Its name tells where the recipes do not: it may be another where races are pooled.
    """
    for where in _CHOOSING:
        fields = [field.name for field in where.fields]
        if any(lane.recipe.get(name) != control.recipe.get(name) for lane in held for name in fields):
            return _KINDS[where.control]
    named = [where.control for where in _CHOOSING if control.name.startswith(f"{where.control}@")]
    return _KINDS[named[0]] if named else "random"


def _but_for_budget(lane: Lane) -> dict[str, Any]:
    return {key: value for key, value in written(lane).items() if key not in ("name", "summary", "budget")}
