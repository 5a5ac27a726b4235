"""Which learning rates are tried for each lane of a race that is tuned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sooner.errors import RecipeError
from sooner.racing.plan.lanes import PlannedLane
from sooner.recipes import Recipe

RATIO = 2.0  # of one rate to the next
_DIGITS = 6  # significant ones of a rate that is no recipe's own


def grids(lanes: Sequence[PlannedLane], count: int) -> dict[str, tuple[float, ...]]:
    """By lane: its rates, ascending, as many for each lane, controls and baseline included.

    Lanes with the same optimizer are tried at the same rates: all that lie within `count` // 2 doublings of the own
    rate of one of them, and their own ones. So what a lane is tuned to does not depend on the rate that its recipe was
    written with, and a recipe that is the baseline at a better rate gains nothing by it. An optimizer that needs fewer
    is tried at further ones, lower and higher in turn, until all lanes have as many.

    Args:
        lanes: of recipes.
        count: rates around a single own one, odd.

    Raises:
        RecipeError: a lane runs no recipe, or its optimizer has no learning rate.
    """
    own: dict[str, list[float]] = {}
    for lane in lanes:
        own.setdefault(_recipe(lane).optimizer.name, []).append(rate_of(lane))
    spans = {name: _around(rates, count // 2) for name, rates in own.items()}
    most = max(map(len, spans.values()))
    wide = {name: _widened(rates, most) for name, rates in spans.items()}
    return {lane.name: wide[lane.recipe.optimizer.name] for lane in lanes}


def rate_of(lane: PlannedLane) -> float:
    """The learning rate of the lane's recipe. Raises RecipeError where there is none."""
    optimizer = _recipe(lane).optimizer
    rate = optimizer.options.get("lr")
    if not isinstance(rate, int | float):
        raise RecipeError(
            f"--tune searches the optimizer's lr, and {optimizer.name}, that of {lane.name}, has none; leave out "
            f"--tune, or race {lane.name} without it beside lanes whose rates were chosen with as much care"
        )
    return float(rate)


def at_rate(lane: PlannedLane, rate: float) -> PlannedLane:
    """The lane at another learning rate."""
    fields = lane.recipe.to_dict()
    entry = Recipe.from_dict({**fields, "optimizer": {**fields["optimizer"], "lr": rate}})
    return replace(lane, entry=entry)


def _recipe(lane: PlannedLane) -> Recipe:
    if not isinstance(lane.entry, Recipe):
        raise RecipeError(
            f"--tune searches the learning rate of recipes, and what rate a {lane.kind} trains at is its own affair: "
            f"leave out --tune, and race {lane.name} at the best of several rates, found on other seeds, as the others"
        )
    return lane.entry


def _around(own: Sequence[float], doublings: int) -> list[float]:
    """The rates within so many doublings of one of these, counted from the first of them."""
    first = own[0]
    low = round(math.log(min(own) / first, RATIO)) - doublings
    high = round(math.log(max(own) / first, RATIO)) + doublings
    return _distinct([*own, *(_rounded(first * RATIO**power) for power in range(low, high + 1))])


def _widened(rates: list[float], count: int) -> tuple[float, ...]:
    while len(rates) < count:
        lower = (count - len(rates)) % 2
        rates = [_rounded(rates[0] / RATIO), *rates] if lower else [*rates, _rounded(rates[-1] * RATIO)]
    return tuple(rates)


def _distinct(rates: Sequence[float]) -> list[float]:
    """Each once, ascending; of those that look alike in so many digits the first."""
    seen: dict[float, float] = {}
    for rate in rates:
        seen.setdefault(_rounded(rate), rate)
    return sorted(seen.values())


def _rounded(rate: float) -> float:
    return float(f"{rate:.{_DIGITS}g}")
