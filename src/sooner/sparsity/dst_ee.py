"""DST-EE: grow where the gradient is large or where a weight has seldom been alive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from sooner._arguments import number
from sooner.registry import Method, register
from sooner.sparsity._control import random_masks
from sooner.sparsity._rewiring import Rewiring
from sooner.sparsity.distributions import Distribution


class DSTEE(Rewiring):
    """As RigL, but weights grow by |dL/dw| + c ln(t) / (N + eps): exploitation and exploration.

    t is the number of steps made, N in how many periods of `every` steps the weight has been alive so far, the one that
    ends now included. With c = 0 it is RigL. The first term has the size of gradients, so `c` has to fit them: at
    c = 1e-3, eps = 1 and t = 1000 a weight never alive is worth a gradient of 0.007. Published code could not be
    found and the paper names no single value of `c` that could be confirmed, so the defaults of `c` and `eps` are ours.

    Source: Huang, Lei, Xu, Peng, Sun, Xie and Ding, "Dynamic Sparse Training via Balancing the Exploration-Exploitation
    Trade-off", DAC 2023, equation 1 and algorithm 1.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`.
        c: weight of exploration, at least 0.
        eps: above 0 (at least 1e-12).
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
        c: float = 1e-3,
        eps: float = 1.0,
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
        self.c = number("c", c, 0.0)
        self.eps = number("eps", eps, 1e-12)
        self._begin(self._random(self.target, distribution))
        self._periods = {name: torch.zeros_like(mask, dtype=torch.int32) for name, mask in self._masks.items()}

    @property
    def explored(self) -> float:
        """Share of the masked layers' weights that is alive or has been."""
        ever = [(self._periods[name].to(mask.device) > 0) | mask for name, mask in self._masks.items()]
        return sum(int(each.sum()) for each in ever) / sum(self._sizes.values())

    def _growth(self) -> dict[str, Tensor] | None:
        gradients = super()._growth()
        if gradients is None:
            return None
        scores = {}
        for name, gradient in gradients.items():
            periods = self._periods[name] = self._periods[name].to(gradient.device) + self._masks[name]
            scores[name] = gradient + self.c * math.log(self._steps) / (periods + self.eps)
        return scores

    def _extra_state(self) -> dict[str, Any]:
        return {"periods": dict(self._periods)}

    def _load_extra_state(self, state: Mapping[str, Any]) -> None:
        self._periods = {name: state["periods"][name].to(mask.device) for name, mask in self._masks.items()}


register(
    Method(
        name="dst-ee",
        seam="sparsity",
        make=DSTEE,
        title="DST-EE",
        paper="Huang et al., Dynamic Sparse Training via Balancing the Exploration-Exploitation Trade-off",
        year=2023,
        changes="As RigL, but weights that have seldom been alive grow more readily.",
        costs="RigL's, and 4 bytes per weight for how often it was alive.",
        helps="At a few per cent of the weights, in runs long enough for most weights to be tried.",
        hurts="If c does not fit the size of the gradients: too small it is RigL, too large a random search, which in "
        "short runs is worse; its savings are not seconds.",
        scored=True,
        control=random_masks,
        example=MappingProxyType({"density": 0.2, "every": 2}),
    )
)
