"""SET: drop the weights closest to zero, grow at random."""

from __future__ import annotations

from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor, nn

from sooner.random import generator
from sooner.registry import Method, register
from sooner.sparsity._control import random_masks
from sooner.sparsity._ranking import top
from sooner.sparsity._rewiring import Rewiring, part
from sooner.sparsity.distributions import Distribution


class SET(Rewiring):
    """Every `every` steps, in each layer, the live weights closest to 0 die and as many others begin to live at random.

    The share `fraction` of the positive weights, the smallest, and of the negative ones, the largest, each rounded
    down; it does not fall with progress. A weight of exactly 0 counts as positive. What has been dropped may be drawn
    again and then keeps its value. New weights start at 0, where the paper draws them. The paper rewires after
    each epoch but the last, for hundreds of epochs.

    Source: Mocanu, Mocanu, Stone, Nguyen, Gibescu and Liotta, "Scalable Training of Artificial Neural Networks with
    Adaptive Sparse Connectivity Inspired by Network Science", Nature Communications 2018, algorithm 1.

    Args:
        model, optimizer, density, exclude: see `SparseTraining`.
        seed: any integer; masks are a function of it and of the number of the step.
        distribution: "er" (the paper's), "erk", "uniform", or each layer's name to its number; see
            `sooner.sparsity.distributions.densities`.
        fraction: of each layer's live weights that moves, in [0, 1].
        until: progress from which the masks stay, above 0 and at most 1.
        every: steps between changes, at least 1.
    """

    grows_by_gradient: ClassVar[bool] = False

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        density: float,
        distribution: Distribution | dict[str, float] = "er",
        fraction: float = 0.3,
        until: float = 0.95,
        every: int = 100,
        seed: int = 0,
        exclude: tuple[str, ...] = (),
    ) -> None:
        super().__init__(
            model,
            optimizer,
            density=density,
            distribution=distribution,
            fraction=fraction,
            until=until,
            every=every,
            seed=seed,
            exclude=exclude,
        )
        self._begin(self._random(self.target, distribution))

    def _dropped(self, progress: float) -> float:
        return self.fraction

    def _kept(self, weight: Tensor, mask: Tensor, dropped: float) -> Tensor:
        kept = torch.zeros_like(mask)
        for signed in (mask & (weight >= 0), mask & (weight < 0)):
            live = int(signed.sum())
            kept |= top(weight.abs().where(signed, -1), live - part(live, dropped))
        return kept

    def _growth(self) -> dict[str, Tensor]:
        return {name: self._noise(name, weight) for name, weight in self._weights()}

    def _noise(self, name: str, weight: Tensor) -> Tensor:
        drawn = torch.rand(weight.numel(), generator=generator(self.seed, "set", name, self._steps))
        return drawn.view(weight.shape).to(weight.device)


register(
    Method(
        name="set",
        seam="sparsity",
        make=SET,
        title="SET, sparse evolutionary training",
        paper="Mocanu et al., Scalable Training of Artificial Neural Networks with Adaptive Sparse Connectivity "
        "Inspired by Network Science",
        year=2018,
        changes="Few weights are alive; every 100 steps those closest to 0 die and others grow at random.",
        costs="Two products the size of the weights per step, a ranking and as many random numbers every 100 steps.",
        helps="When few weights can be kept, training is long, and gradients of dead weights are not to be had.",
        hurts="In short runs; RigL's growth by gradient finds good weights sooner. Its savings are not seconds.",
        scored=True,
        control=random_masks,
        example=MappingProxyType({"density": 0.2, "every": 4}),
    )
)
