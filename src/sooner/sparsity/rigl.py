"""RigL: drop the smallest weights, grow where the gradient is largest."""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import nn

from sooner.registry import Method, register
from sooner.sparsity._control import random_masks
from sooner.sparsity._rewiring import Rewiring
from sooner.sparsity.distributions import Distribution


class RigL(Rewiring):
    """Every `every` steps, in each layer, the smallest live weights die and those of largest gradient begin to live.

    A share f = `fraction` / 2 (1 + cos(pi progress / until)) of the live weights is dropped, by |w|, and as many are
    grown among all that are not kept, by |dL/dw| of this step's batch. A weight that is dropped and grown at once keeps
    its value and momentum, as in the authors' code; others start at 0. Their code skips the optimizer's step where the
    masks change, and adds noise of 1e-5 to |w| against ties; here the step is made, and of equal weights the earlier
    lives.

    Source: Evci, Gale, Menick, Castro and Elsen, "Rigging the Lottery: Making All Tickets Winners", ICML 2020,
    algorithm 1. Its settings are the defaults.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`.
        distribution: "erk", "er", "uniform", or each layer's name to its number; see
            `sooner.sparsity.distributions.densities`.
        fraction: of each layer's live weights that moves at first, in [0, 1].
        until: progress from which the masks stay, above 0 and at most 1.
        every: steps between changes, at least 1.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        density: float,
        distribution: Distribution | dict[str, float] = "erk",
        fraction: float = 0.3,
        until: float = 0.75,
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


register(
    Method(
        name="rigl",
        seam="sparsity",
        make=RigL,
        title="RigL",
        paper="Evci et al., Rigging the Lottery: Making All Tickets Winners",
        year=2020,
        changes="Few weights are alive; every 100 steps the smallest die and others grow, by size of gradient.",
        costs="Two products the size of the weights per step, a copy of all gradients and a ranking every 100 steps.",
        helps="When few weights can be kept and training may last longer than a dense network's.",
        hurts="In short runs, where masks have little time to move; its savings are FLOPs counted, not seconds.",
        scored=True,
        control=random_masks,
        example=MappingProxyType({"density": 0.2, "every": 2}),
    )
)
