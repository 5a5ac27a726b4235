"""Gradual magnitude pruning: training starts dense, and the smallest weights go little by little."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn

from sooner._arguments import flag, number, share, whole_number
from sooner.registry import Method, register
from sooner.sparsity._base import SparseTraining
from sooner.sparsity._control import random_from_dense
from sooner.sparsity._ranking import top, top_of_all
from sooner.sparsity.distributions import Distribution, alive, counts
from sooner.sparsity.schedules import cubic


class MagnitudeGradual(SparseTraining):
    """Every `every` steps the weights of smallest magnitude die, so that the density falls along a cubic.

    s_t = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3 for the sparsity 1 - density, s_i = 0, t from `start` to `until`.
    Dead weights do not come back. The density `density` is reached exactly, at the first step at or after `until`.

    Source: Zhu and Gupta, "To Prune, or Not to Prune: Exploring the Efficacy of Pruning for Model Compression", 2017,
    equation 1. There every layer has the same sparsity ("uniform"); "global" ranks all layers together. A count by
    "er" or "erk" is rounded each time, so now and then one dead weight returns, at 0.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`. `seed` changes nothing, unless matched.
        distribution: "uniform", "global", "erk", "er", or each layer's name to its number; see
            `sooner.sparsity.distributions.densities`.
        start, until: progress at which pruning begins and ends, 0 <= start < until <= 1.
        every: steps between changes, at least 1.
        matched: as many weights die at each step, but random ones, in layers by `distribution`, which cannot be
            "global": the control of methods that begin dense. It ends at the masks of `RandomPruning`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        density: float,
        distribution: Distribution | Literal["global"] | dict[str, float] = "uniform",
        start: float = 0.0,
        until: float = 0.75,
        every: int = 100,
        matched: bool = False,
        seed: int = 0,
        exclude: tuple[str, ...] = (),
    ) -> None:
        super().__init__(model, optimizer, density=density, seed=seed, exclude=exclude)
        self.distribution = distribution
        self.until = share("until", until)
        self.start = number("start", start, 0.0, self.until, below=True)
        self.every = whole_number("every", every, least=1)
        self.matched = flag("matched", matched)
        if matched and distribution == "global":
            raise ValueError(
                'distribution must be "erk", "er", "uniform" or numbers by layer with matched, not "global": which '
                "weights of all layers die is what it leaves to chance"
            )
        if distribution != "global":
            counts(self._shapes(), self.target, distribution)  # refuse at once what would only fail in training
        self._begin({name: torch.ones_like(weight, dtype=torch.bool) for name, weight in self._weights()})

    def _due(self, steps: int, progress: float) -> bool:
        if progress >= self.until:
            return self._live != self._goal
        return progress >= self.start and steps - self._updated >= self.every

    def _update(self, progress: float) -> dict[str, Tensor]:
        density = cubic(progress, self.start, self.until, 1.0, self.target)
        if self.matched and self.distribution != "global":
            return self._random(density, self.distribution)  # of one order of the weights, so none comes back
        scores = {name: weight.abs().where(self._masks[name], -1) for name, weight in self._weights()}
        if self.distribution == "global":
            return top_of_all(scores, alive(self._sizes, density))
        kept = counts(self._shapes(), density, self.distribution)
        return {name: top(score, kept[name]) for name, score in scores.items()}


register(
    Method(
        name="magnitude-gradual",
        seam="sparsity",
        make=MagnitudeGradual,
        title="Gradual magnitude pruning",
        paper="Zhu and Gupta, To Prune, or Not to Prune: Exploring the Efficacy of Pruning for Model Compression",
        year=2017,
        changes="The smallest weights are set to 0 for good, more and more of them until three quarters of the run.",
        costs="Two products the size of the weights per step, and a ranking of them every 100 steps.",
        helps="When the trained network is to be small; hard to beat at that up to 95% of zeros.",
        hurts="If training itself is to be cheaper: it starts with all weights, and zeros do not make a step faster.",
        scored=True,
        control=random_from_dense,
        example=MappingProxyType({"density": 0.2, "every": 2}),
    )
)
