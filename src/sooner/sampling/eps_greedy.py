"""Epsilon-greedy pruning: the examples with the highest running loss, and a few others at random."""

from __future__ import annotations

import math
from types import MappingProxyType

import torch
from torch import Tensor

from sooner._arguments import number, share, whole_number
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._control import random_data
from sooner.sampling._ranking import hardest, random_part
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._use import use


class EpsilonGreedy(Scored):
    """Keeps `fraction` of the examples: those with the highest running loss, but a share epsilon of them at random.

    The score of an example is the moving average of its losses, s <- (1 - alpha) s + alpha loss, which starts at its
    first loss. Of the k = round(fraction n) kept, k - int(epsilon k) have the highest scores and int(epsilon k) are
    drawn from the rest. An example never seen ranks above all others, so the first rounds walk through the data. The
    kept are chosen again every `period` rounds; those left out keep their score meanwhile.

    Source: Raju, Daruwalla and Lipasti, Accelerating Deep Learning with Dynamic Data Pruning, 2021.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        fraction: of the examples to keep, above 0 and at most 1; at least one is kept.
        epsilon: share of the kept that is random, 0 to 1.
        alpha: weight of the newest loss in the moving average, above 0 and at most 1.
        period: rounds that a choice stays, at least 1.
    """

    columns = MappingProxyType({"mean": math.nan})

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        fraction: float,
        epsilon: float = 0.1,
        alpha: float = 0.8,
        period: int = 1,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.fraction = share("fraction", fraction)
        self.epsilon = number("epsilon", epsilon, 0, 1)
        self.alpha = share("alpha", alpha)
        self.period = whole_number("period", period, least=1)
        self._size = max(1, round(self.fraction * self.n))

    def take(self, index: Tensor, loss: Tensor) -> None:
        """Move each example's average towards its loss."""
        mean = self._scores.read("mean", index)
        moved = torch.where(mean.isnan(), loss, mean + self.alpha * (loss - mean))
        self._scores.update(index, mean=moved)

    def decide(self, epoch: int) -> Decision:
        """Which examples stay ("kept"): (n,) bool. O(n)."""
        standing = self.standing(epoch, self.period)
        if standing is not None:
            return standing
        explored = int(self.epsilon * self._size)
        greedy = hardest(self.scores["mean"], self._size - explored, derive(self.seed, "greedy", epoch))
        return {"kept": greedy | random_part(~greedy, explored, derive(self.seed, "epsilon", epoch))}

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The kept examples in the round's random order. 8 bytes per example kept."""
        return self.shuffled(decision["kept"], epoch)


register(
    Method(
        name="eps-greedy",
        seam="sampling",
        make=EpsilonGreedy,
        title="Epsilon-greedy dynamic pruning",
        paper="Raju, Daruwalla and Lipasti, Accelerating Deep Learning with Dynamic Data Pruning",
        year=2021,
        changes="Every few rounds training moves to the examples with the highest running loss, and a few at random.",
        costs="Some 50 microseconds per step, O(n) per round; 4 bytes per example, and 9 more in a round.",
        helps="When much of the data is learned early and labels are clean.",
        hurts="Under label noise, which it seeks out; dynamic random pruning is often as good.",
        scored=True,
        control=lambda options: random_data(options, options["fraction"], options.get("period", 1)),
        example=MappingProxyType({"fraction": 0.5}),
        use=use(observe=True),
    )
)
