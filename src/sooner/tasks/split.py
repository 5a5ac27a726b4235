"""Stratified, seeded choices of rows: the split into training and validation, and a share of a set."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sooner._words import number_of
from sooner.errors import DataError
from sooner.random import generator

_USUAL_SHARE, _LARGEST_SHARE = 0.1, 1 / 3
_ENOUGH = 1000  # validation examples: at an accuracy of 0.9 its standard error is 1 point, at 0.97 half a point


def validation_share(n: int) -> float:
    """The share of `n` examples that is kept for validation, in [0.1, 1/3].

    A tenth of large data. Of small data as much as makes 1,000 examples, a third at most: time to a target is read off
    the validation accuracy, and with 150 examples one of them is 0.7 points.
    """
    return min(_LARGEST_SHARE, max(_USUAL_SHARE, _ENOUGH / max(n, 1)))


def split(targets: Tensor, fraction: float, seed: int, classes: Sequence[str] | None = None) -> tuple[Tensor, Tensor]:
    """Rows of the training and of the validation part, each with every class in near-equal share.

    The validation part has round(fraction * n) rows, shared among the classes in proportion by the method of largest
    remainders; it has more, or fewer, only where a class would otherwise be missing from one of the parts.

    Args:
        targets: (n,) int64, 0 to C-1, each class at least twice.
        fraction: of the rows that go to validation, in (0, 1).
        seed: any integer; the same seed gives the same split on every machine.
        classes: names of the classes, for the error message.

    Returns:
        (training rows, validation rows): int64, ascending, disjoint, together all of 0 to n-1.

    Raises:
        ValueError: `fraction` is not in (0, 1).
        DataError: a class has fewer than two examples.

    Cost: one sort, O(n log n); 0.2 s for a million rows.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must be between 0 and 1, not {fraction}")
    counts = torch.bincount(targets)
    require(counts, 2, "one to train on and one to hold out", classes)
    held = _shares(round(fraction * len(targets)), counts, torch.ones_like(counts), counts - 1)
    return _cut(targets, counts, held, seed)


def choose(targets: Tensor, size: int, seed: int) -> Tensor:
    """`size` of the rows, each class in near-equal share and with two rows at least, where it has them.

    Args:
        targets: (n,) int64, 0 to C-1.
        size: from 2 C to n.
        seed: as in `split`, whose validation part of that size these are unless a class is almost bare or full.

    Returns: (size,) int64, ascending.
    """
    counts = torch.bincount(targets)
    _, chosen = _cut(targets, counts, _shares(size, counts, counts.clamp(max=2), counts), seed)
    return chosen


def _cut(targets: Tensor, counts: Tensor, shares: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """The rows without and with the random `shares[c]` of each class c; both ascending."""
    n = len(targets)
    shuffled = torch.randperm(n, generator=generator(seed, "split"))
    # A stable sort of shuffled rows by class: each class is one run, in random order within.
    by_class = shuffled[torch.argsort(targets[shuffled], stable=True)]
    label = targets[by_class]
    place = torch.arange(n) - (counts.cumsum(0) - counts)[label]
    chosen = place < shares[label]
    return by_class[~chosen].sort().values, by_class[chosen].sort().values


def require(counts: Tensor, least: int, why: str, classes: Sequence[str] | None = None) -> None:
    """Raise a DataError naming the classes with fewer than `least` examples; `counts` is (C,) int64."""
    few = [int(label) for label in (counts < least).nonzero().flatten()]
    if few:
        named = [f"'{classes[label] if classes else label}' has {int(counts[label])}" for label in few[:5]]
        more = f" and {len(few) - 5} more" if len(few) > 5 else ""
        raise DataError(
            f"each class needs at least {number_of(least, 'example')} ({why}), but class {', '.join(named)}{more}: "
            "add examples or leave the class out"
        )


def _shares(size: int, counts: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """How many of `size` go to each class: in proportion to `counts`, from `low` to `high`; all (C,) int64."""
    size = min(max(size, int(low.sum())), int(high.sum()))
    exact = counts.double() * (size / int(counts.sum()))
    shares = exact.floor().long().clamp(min=low, max=high)
    while (rest := size - int(shares.sum())) != 0:
        step = 1 if rest > 0 else -1
        room = shares < high if rest > 0 else shares > low
        # Largest remainder first; a class that is full (or bare) cannot take part.
        owed = torch.where(room, step * (exact - shares), -torch.inf)
        take = torch.argsort(owed, descending=True, stable=True)[: min(abs(rest), int(room.sum()))]
        shares[take] += step
    return shares
