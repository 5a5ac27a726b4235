"""A seed's curve over the budgets of a ladder, on which a larger budget is never worse."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def monotone(metric: Sequence[float]) -> list[float]:
    """The metrics at ascending budgets, made to rise: isotonic regression by medians.

    At each budget the greatest, over all that begin at or below it, of the least median of a stretch of budgets that
    contains it (the max-min formula of isotonic regression; Robertson and Wright, 1973, for medians). So a lucky end
    at a small budget and an unlucky one at a large one weigh alike, and a run that broke off is outvoted by the runs
    around it. The budget where the result reaches a target is neither the first that was lucky nor the one after the
    last that was unlucky, and does not come earlier only because more budgets were tried.

    Args:
        metric: (R,) higher is better; -inf for a run that is worse than all, no NaN.

    Returns:
        (R,) not decreasing; equal to `metric` where that does not decrease. Costs O(R^3 log R): ladders are short.
    """
    places = range(len(metric))
    if all(metric[place] <= metric[place + 1] for place in places[:-1]):
        return list(metric)
    least: list[list[float]] = []  # least[first][place - first]: over stretches from first to place or beyond
    for first in places:
        medians = [median(metric[first : last + 1]) for last in places[first:]]
        for place in range(len(medians) - 2, -1, -1):
            medians[place] = min(medians[place], medians[place + 1])
        least.append(medians)
    return [max(least[first][place - first] for first in places[: place + 1]) for place in places]
