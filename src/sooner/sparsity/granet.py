"""GraNet: prune gradually, and let each layer regrow some of what it lost."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from sooner._arguments import share
from sooner.registry import Method, register
from sooner.sparsity._control import random_from_dense, random_masks
from sooner.sparsity._ranking import top_of_all
from sooner.sparsity._rewiring import Rewiring
from sooner.sparsity.distributions import Distribution, alive
from sooner.sparsity.schedules import cosine, cubic


class GraNet(Rewiring):
    """Every `every` steps the smallest weights of all layers die, along a cubic; then each layer exchanges a share.

    1. Of all live weights together, those of smallest magnitude die until the density is d_f + (d_i - d_f)
       (1 - progress / until)^3, d_i = `start_density` and d_f = `density`. Each layer keeps at least one.
    2. In each layer, a share r = `fraction` / 2 (1 + cos(pi progress / regrow_until)) of its live weights, the
       smallest, is dropped and as many are grown, at 0, where the gradient is largest: zero-cost neuroregeneration. A
       weight that is dropped and grown at once keeps its value, one that step 1 pruned does not.

    Dense to sparse starts with start_density 1, sparse to sparse for example with 0.5 and random masks, "erk". The
    density `density` is reached exactly, at the first step at or after `until`; 2. goes on, as in the published code.
    That code rounds the share up and lets it end at 0.005; here it is rounded down and ends at 0.

    Source: Liu, Chen, Chen, Atashgahi, Yin, Kou, Shen, Pechenizkiy, Wang and Mocanu, "Sparse Training via Boosting
    Pruning Plasticity with Neuroregeneration", NeurIPS 2021.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`.
        start_density: share of the weights alive at first, from `density` to 1.
        distribution: of the weights alive at first over the layers, and of these alone: "erk", "er", "uniform", or each
            layer's name to its number; see `sooner.sparsity.distributions.densities`.
        fraction: of each layer's live weights that is exchanged at first, in [0, 1].
        until: progress at which pruning ends, above 0 and at most 1; in the code epoch 110 of 160.
        regrow_until: progress from which the masks stay, from `until` to 1.
        every: steps between changes, at least 1.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        density: float,
        start_density: float = 1.0,
        distribution: Distribution | dict[str, float] = "erk",
        fraction: float = 0.5,
        until: float = 0.6875,
        regrow_until: float = 1.0,
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
        self.start_density = share("start_density", start_density)
        self.regrow_until = share("regrow_until", regrow_until)
        if self.start_density < self.target:
            raise ValueError(f"start_density must be at least density, {self.target}, not {start_density}")
        if self.regrow_until < self.until:
            raise ValueError(f"regrow_until must be at least until, {self.until}, not {regrow_until}")
        self._begin(self._random(self.start_density, distribution))

    def _unfinished(self, progress: float) -> bool:
        return progress >= self.until and self._live != self._goal

    def _due(self, steps: int, progress: float) -> bool:
        return self._unfinished(progress) or (progress < self.regrow_until and steps - self._updated >= self.every)

    def _update(self, progress: float) -> dict[str, Tensor] | None:
        growth = self._growth()
        if growth is None and not self._unfinished(progress):
            return None
        masks = self._masks
        if self._live != self._goal:
            density = cubic(progress, 0.0, self.until, self.start_density, self.target)
            scores = {name: weight.abs().where(masks[name], -1) for name, weight in self._weights()}
            masks = top_of_all(scores, alive(self._sizes, density))
            self._adopt(masks)  # what is pruned and regrown at once starts at 0
            masks = self._masks
        return masks if growth is None else self._rewire(masks, growth, progress)

    def _dropped(self, progress: float) -> float:
        return cosine(progress, self.regrow_until, self.fraction)


def _control(options: Mapping[str, Any]) -> Mapping[str, Any]:
    if options.get("start_density", 1.0) < 1:
        return random_masks(options)
    return random_from_dense({"until": 0.6875, **options})


register(
    Method(
        name="granet",
        seam="sparsity",
        make=GraNet,
        title="GraNet",
        paper="Liu et al., Sparse Training via Boosting Pruning Plasticity with Neuroregeneration",
        year=2021,
        changes="Weights die gradually; every 100 steps each layer also exchanges its smallest for others by gradient.",
        costs="Two products the size of the weights per step, a copy of all gradients and a ranking every 100 steps.",
        helps="When the trained network is to have 2 to 10% of its weights: published some tenths of a point ahead of "
        "gradual pruning.",
        hurts="In short runs; from a dense start training costs nearly as much on paper, and on the clock always.",
        scored=True,
        control=_control,
        example=MappingProxyType({"density": 0.2, "every": 2}),
    )
)
