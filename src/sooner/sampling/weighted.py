"""Weighted sampling: examples drawn in proportion to a weight, a whole round of an exact size, on any ranks."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner._arguments import flag, labels, per_example, share
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling._draws import WeightedDraws, cumulated, without_replacement
from sooner.sampling._orders import Picked
from sooner.sampling.permutation import Permutation


class Weighted(Sampler):
    """Each round is round(fraction * n) examples, drawn with chances in proportion to their weights.

    With replacement, the draws are independent, and an example of twice the weight comes twice as often: what torch's
    `WeightedRandomSampler` does, with any n (that one stops at 2**24 weights), sharded and resumable. Without, the
    examples of a round are distinct, drawn one after another in proportion to the weights of those left (Efraimidis
    and Spirakis, Weighted random sampling with a reservoir, 2006), then mixed; the more of the data a round takes,
    the more alike all examples' chances become.

    What is minimised is the weighted mean of the losses, not the mean: `weight` stays 1. To keep the mean and only
    reduce its variance is importance sampling, another method.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        weights: (n,) numbers, at least 0 and not all 0, of any sum. Left out, the classes are balanced: an example
            of class c has weight 1 / n_c.
        replacement: draw with replacement.
        fraction: of n to draw per round, above 0 and at most 1. Without replacement it needs to be below 1 to have
            an effect, and there must be as many examples of a weight above 0.
        targets: (n,) whole numbers, the class of each example; needed only where `weights` is left out.

    Holds the weights and 8 bytes more per example. The draws of a round are made as they are needed with replacement,
    at once and held without.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        weights: Tensor | None = None,
        replacement: bool = True,
        fraction: float = 1.0,
        targets: Tensor | None = None,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.replacement = flag("replacement", replacement)
        self.fraction = share("fraction", fraction)
        self.weights = None if weights is None else per_example("weights", weights, self.n, positive=True)
        self.targets = self._classes(targets) if weights is None else None
        self._size = max(1, round(self.fraction * self.n))
        drawable = self.n if self.weights is None else int(self.weights.count_nonzero())
        if not self.replacement and self._size > drawable:
            raise ValueError(
                f"fraction {self.fraction} of {self.n} is {self._size} distinct examples, but only {drawable} have a "
                "weight above 0; lower it or draw with replacement"
            )

    def _classes(self, targets: Tensor | None) -> Tensor:
        if targets is None:
            raise ValueError(f"give weights, one per example, or targets, to balance the classes of {self.n} examples")
        return labels(targets, self.n)

    @cached_property
    def _effective(self) -> NDArray[np.float64]:
        """(n,) the weights, of whichever origin."""
        if self.weights is not None:
            return self.weights.numpy()
        assert self.targets is not None
        _, classes, counts = torch.unique(self.targets.cpu(), return_inverse=True, return_counts=True)
        inverse: NDArray[np.float64] = 1.0 / counts.numpy()[classes.numpy()]
        return inverse

    @cached_property
    def _cumulative(self) -> NDArray[np.float64]:
        return cumulated(self._effective)

    def order(self, epoch: int) -> Order:
        """The draws of round `epoch`: O(1) with replacement; without, O(n) time at the round's start."""
        drawn = derive(self.seed, "weighted", epoch)
        if self.replacement:
            return WeightedDraws(self._cumulative, self._size, drawn)
        winners = without_replacement(self._effective, self._size, drawn)
        return Picked(winners, Permutation(self._size, derive(drawn, "mixed")))


register(
    Method(
        name="weighted",
        seam="sampling",
        make=Weighted,
        title="Weighted sampling",
        paper="folklore",
        year=None,
        changes="Examples come in proportion to given weights; left out, every class comes equally often.",
        costs="Some 80 microseconds per batch of 128 at a million examples, and 16 bytes per example.",
        helps="When classes or sources are badly out of balance and the rare ones count as much in the metric.",
        hurts="Accuracy on the data as it is: rare examples are repeated and overfitted, common ones left out.",
    )
)
