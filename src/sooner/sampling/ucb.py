"""Pruning by upper confidence bound: the examples with the highest running loss plus its running variance."""

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
from sooner.sampling._ranking import hardest
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._use import use


class UCB(Scored):
    """Keeps the `fraction` of the examples with the highest mean + confidence x variance of their losses.

    Both are moving averages, the variance taken about the mean before the newest loss: v <- (1 - alpha) v +
    alpha (loss - m)^2, then m <- (1 - alpha) m + alpha loss; they start at 0 and at the first loss. An example never
    seen ranks above all others, so the first rounds walk through the data. The kept are chosen again every `period`
    rounds; those left out keep their score meanwhile.

    Source: Raju, Daruwalla and Lipasti, Accelerating Deep Learning with Dynamic Data Pruning, 2021. The bound takes
    the variance itself, not its root, as a public implementation of the paper does.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        fraction: of the examples to keep, above 0 and at most 1; at least one is kept.
        confidence: weight of the variance, at least 0.
        alpha: weight of the newest loss in the moving averages, above 0 and at most 1.
        period: rounds that a choice stays, at least 1.
    """

    columns = MappingProxyType({"mean": math.nan, "variance": 0.0})

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        fraction: float,
        confidence: float = 1.0,
        alpha: float = 0.8,
        period: int = 1,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.fraction = share("fraction", fraction)
        self.confidence = number("confidence", confidence, 0)
        self.alpha = share("alpha", alpha)
        self.period = whole_number("period", period, least=1)
        self._size = max(1, round(self.fraction * self.n))

    def take(self, index: Tensor, loss: Tensor) -> None:
        """Move each example's averages towards its loss."""
        mean, variance = self._scores.read("mean", index), self._scores.read("variance", index)
        step = (loss - mean).nan_to_num(nan=0.0)  # the first loss is no step
        self._scores.update(
            index,
            mean=torch.where(mean.isnan(), loss, mean + self.alpha * step),
            variance=variance + self.alpha * (step**2 - variance),
        )

    def decide(self, epoch: int) -> Decision:
        """Which examples stay ("kept"): (n,) bool. O(n)."""
        standing = self.standing(epoch, self.period)
        if standing is not None:
            return standing
        bound = self.scores["mean"] + self.confidence * self.scores["variance"]
        return {"kept": hardest(bound, self._size, derive(self.seed, "ucb", epoch))}

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The kept examples in the round's random order. 8 bytes per example kept."""
        return self.shuffled(decision["kept"], epoch)


register(
    Method(
        name="ucb",
        seam="sampling",
        make=UCB,
        title="Upper-confidence-bound dynamic pruning",
        paper="Raju, Daruwalla and Lipasti, Accelerating Deep Learning with Dynamic Data Pruning",
        year=2021,
        changes="Every few rounds training moves to the examples whose losses are high or change much.",
        costs="Some 70 microseconds per step, O(n) per round; 8 bytes per example, and 9 more in a round.",
        helps="When much of the data is learned early and labels are clean.",
        hurts="Under label noise, which it seeks out; dynamic random pruning is often as good.",
        scored=True,
        control=lambda options: random_data(options, options["fraction"], options.get("period", 1)),
        example=MappingProxyType({"fraction": 0.5, "period": 2}),
        use=use(observe=True),
    )
)
