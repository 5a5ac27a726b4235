"""SeTa: a random part of the data, grouped by loss, through a window that slides from easy to hard."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from sooner._arguments import number, share, whole_number
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._control import random_data
from sooner.sampling._ranking import random_part
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._use import use

_ITERATIONS = 300  # of k-means at most; it settles long before


class SeTa(Scored):
    """Every round takes a random 1 - `prune_ratio` of the examples, and of these a window of their groups by loss.

    The random part is grouped into `groups` by k-means on the latest loss. A window of round(window x groups) of them,
    in order of difficulty, stays; in round t it starts at group t mod (groups - width + 1), so it slides from easy to
    hard and starts over. The first round is the random part whole. Once `delta` of the run is spent the window is
    dropped, and rounds are the random part whole ("partial annealing"). All weights are 1. An example never seen has
    no group, and stays if it is in the random part; the published code counts it as one with loss 3.

    Set `progress` before each round (the training loop here does), or the end phase never comes. Rounds get shorter:
    let the schedule follow the examples seen.

    Source: Zhou, Gao and Wang, Scale Efficient Training for Large Datasets, CVPR 2025. The defaults are those of its
    "lossless" CIFAR runs.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        prune_ratio: of the examples to leave out at random, at least 0 and below 1.
        groups: number of groups by loss, at least 1.
        window: share of the groups in the window, above 0 and at most 1; at least one is in it.
        delta: share of the run after which there is no window, 0 to 1.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        prune_ratio: float = 0.1,
        groups: int = 5,
        window: float = 0.9,
        delta: float = 0.875,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.prune_ratio = number("prune_ratio", prune_ratio, 0, 1, below=True)
        self.groups = whole_number("groups", groups, least=1)
        self.window = share("window", window)
        self.delta = number("delta", delta, 0, 1)
        self._size = max(1, int((1 - self.prune_ratio) * self.n))

    def decide(self, epoch: int) -> Decision:
        """Which examples stay ("kept"): (n,) bool. O(n log n), some 0.2 s per million examples."""
        part = random_part(torch.ones(self.n, dtype=torch.bool), self._size, derive(self.seed, "seta", epoch))
        loss = self.scores["loss"]
        known = part & ~loss.isnan()
        if epoch == 0 or self.progress >= self.delta or not known.any():
            return {"kept": part}
        members = known.nonzero().flatten()
        order = np.argsort(loss[members].numpy(), kind="stable")
        bounds = group_by_value(loss[members].numpy()[order].astype(np.float64), self.groups)
        width = max(1, round(self.window * self.groups))
        start = epoch % (self.groups - width + 1)
        kept = part & loss.isnan()
        kept[members[torch.from_numpy(order[bounds[start] : bounds[start + width]])]] = True
        return {"kept": kept if kept.any() else part}

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The kept examples in the round's random order. 8 bytes per example kept."""
        return self.shuffled(decision["kept"], epoch)


def group_by_value(values: NDArray[np.float64], groups: int) -> NDArray[np.int64]:
    """K-means of numbers: group g is `values[bounds[g] : bounds[g + 1]]`. Equal numbers are cut into equal parts.

    Lloyd's iteration from the means of equal parts; on sorted numbers each pass takes O(groups log m).

    Args:
        values: (m,) ascending, m at least 1.
        groups: at least 1.

    Returns:
        bounds, (groups + 1,), from 0 to m. A group may be empty.
    """
    m = len(values)
    even = np.linspace(0, m, groups + 1).round().astype(np.int64)
    if values[0] == values[-1]:
        return even
    sums, bounds = np.concatenate([[0.0], np.cumsum(values)]), even
    for _ in range(_ITERATIONS):
        filled = np.flatnonzero(np.diff(bounds))
        first, last = bounds[filled], bounds[filled + 1] - 1
        centres = (sums[last + 1] - sums[first]) / (last + 1 - first)
        if len(filled) < groups:  # an empty group starts again at the number that is furthest from its centre
            ends = np.concatenate([values[first], values[last]])
            centres = np.append(centres, ends[np.argmax(np.abs(ends - np.tile(centres, 2)))])
            centres = np.sort(np.append(centres, np.full(groups - len(centres), values[-1])))
        moved = np.concatenate([[0], np.searchsorted(values, (centres[:-1] + centres[1:]) / 2), [m]])
        if np.array_equal(moved, bounds):
            break
        bounds = moved
    return bounds


register(
    Method(
        name="seta",
        seam="sampling",
        make=SeTa,
        title="SeTa, scale efficient training",
        paper="Zhou, Gao and Wang, Scale Efficient Training for Large Datasets",
        year=2025,
        changes="Rounds take a random part of the data and leave out its easiest or hardest groups in turn.",
        costs="Some 30 microseconds per step, O(n log n) per round; 4 bytes per example, and 9 more in a round.",
        helps="Long runs on large, redundant or synthetic data.",
        hurts="Short runs, in which the window has no time to slide.",
        scored=True,
        control=lambda options: random_data(
            options, (1 - options.get("prune_ratio", 0.1)) * options.get("window", 0.9)
        ),
        example=MappingProxyType({"prune_ratio": 0.2, "window": 0.6}),
        use=use(progress=True, observe=True),
    )
)
