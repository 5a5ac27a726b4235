"""Importance sampling: draw examples in proportion to how much they teach, and weigh them down by as much."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from sooner._arguments import one_of, share
from sooner.random import derive, generator
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._control import random_data
from sooner.sampling._orders import Picked
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._use import use
from sooner.sampling.permutation import Permutation

Score = Literal["loss", "gradient-norm"]


class ImportanceSampling(Scored):
    """A round is round(fraction n) draws with replacement, example i with probability p_i and weight 1 / (n p_i).

    p_i = (1 - uniform) s_i / sum(s) + uniform / n, so no weight exceeds 1 / uniform. The expected weighted gradient is
    that of the full data whatever the scores are; its variance is least where s_i is the norm of the gradient of
    example i. The score is:

    - "loss": the latest loss;
    - "gradient-norm": the gradient with respect to the logits, which bounds that of the parameters up to a
      constant. Under plain cross-entropy it is ||softmax - onehot||, between 1 - q and sqrt(2) (1 - q), with
      q = exp(-loss) the probability of the true class; the score is 1 - q.

    An example never seen has the mean score. The draws of a round are systematic: one random offset, evenly spaced
    points on the cumulated probabilities, then a shuffle. Each example comes floor or ceil of its expected number of
    times, which has less variance than independent draws and the same expectation.

    The paper scores a fresh, larger batch by a forward pass before every step, and switches on when an estimate of
    the gain says so; here the scores are those of training itself, so they are some rounds old and cost nothing.

    Source: Katharopoulos and Fleuret, Not All Samples Are Created Equal: Deep Learning with Importance Sampling, ICML
    2018; by stored losses, Loshchilov and Hutter, Online Batch Selection for Faster Training of Neural Networks, 2015.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        score: "loss" or "gradient-norm", which supposes a plain cross-entropy loss.
        uniform: share of plain random draws in the mixture, above 0 and at most 1.
        fraction: draws per round as a share of n, above 0 and at most 1.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        score: Score = "gradient-norm",
        uniform: float = 0.2,
        fraction: float = 1.0,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        one_of("score", score, get_args(Score))
        self.score = score
        self.uniform = share("uniform", uniform)
        self.fraction = share("fraction", fraction)
        self._size = max(1, round(self.fraction * self.n))

    def decide(self, epoch: int) -> Decision:
        """The probabilities of this round: "probability", (n,) float32, that add to 1 but for rounding. O(n)."""
        score = self.scores["loss"].clamp(min=0)
        if self.score == "gradient-norm":
            score = -torch.expm1(-score)
        score = score.nan_to_num(nan=float(score.nanmean(dtype=torch.float64).nan_to_num(nan=1.0)))
        total = score.sum(dtype=torch.float64)
        if total == 0:  # nothing teaches anything any more
            score, total = torch.ones_like(score), torch.tensor(float(self.n), dtype=torch.float64)
        return {"probability": ((1 - self.uniform) / total).float() * score + self.uniform / self.n}

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The draws in random order; O(n) and 8 bytes per draw."""
        cumulated = np.cumsum(decision["probability"].numpy(), dtype=np.float64)
        offset = float(torch.rand((), generator=generator(self.seed, "importance", epoch), dtype=torch.float64))
        points = (np.arange(self._size) + offset) * (cumulated[-1] / self._size)
        drawn = torch.from_numpy(np.searchsorted(cumulated, points, side="right").clip(max=self.n - 1))
        return Picked(drawn, Permutation(self._size, derive(self.seed, "importance order", epoch)))

    def weight(self, index: Tensor) -> Tensor:
        """1 / (n p_i) of the present round: (B,) float32, at most 1 / `uniform`."""
        if self.present is None:
            return super().weight(index)
        return (1 / (self.n * self.present["probability"][index.cpu()])).to(index.device)


register(
    Method(
        name="importance",
        seam="sampling",
        make=ImportanceSampling,
        title="Importance sampling",
        paper="Katharopoulos and Fleuret, Not All Samples Are Created Equal: Deep Learning with Importance Sampling",
        year=2018,
        changes="Examples are drawn in proportion to a bound of their gradient, and weighted so that none is favoured.",
        costs="Some 50 microseconds per step, O(n) per round; 8 bytes per example, and 8 more per draw in a round.",
        helps="When a few examples have most of the gradient: late in training, on clean and redundant data.",
        hurts="Early, when gradients are alike and scores go stale; under label noise, which it draws often.",
        scored=True,
        control=lambda options: random_data(options, options.get("fraction", 1.0)),
        example=MappingProxyType({"score": "loss", "uniform": 0.2}),
        refuses=MappingProxyType(
            {
                f"losses/{loss}": "its bound of the gradient is that of a softmax cross-entropy"
                for loss in ("elr", "ps-kd", "stablemax", "z-loss")
            }
        ),
        use=use(observe=True),
    )
)
