"""Drop and grow: the topology moves while the number of live weights of each layer stays."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from sooner._arguments import number, share, whole_number
from sooner.sparsity._base import SparseTraining
from sooner.sparsity._ranking import top
from sooner.sparsity.distributions import Distribution
from sooner.sparsity.schedules import cosine


def rewired(mask: Tensor, kept: Tensor, growth: Tensor) -> Tensor:
    """`kept`, a part of `mask`, and of the rest as many as are missing: those of highest `growth`, bool as `mask`.

    What has just been dropped may grow again; it then goes on as if it had not been dropped.
    """
    missing = int(mask.sum()) - int(kept.sum())
    return kept | top(growth.masked_fill(kept, -torch.inf), missing)


def largest(weight: Tensor, mask: Tensor, dropped: float) -> Tensor:
    """The live weights but for the share `dropped` of them, rounded down, of smallest magnitude."""
    live = int(mask.sum())
    return top(weight.abs().where(mask, -1), live - part(live, dropped))


def part(live: int, dropped: float) -> int:
    """The share `dropped` of `live`, rounded down; what is 29 but for the last bit is 29."""
    return int(live * dropped + 1e-9)


class Rewiring(SparseTraining):
    """Every `every` steps a share of each layer's live weights is dropped and as many are grown.

    Starts from random masks. The share falls from `fraction` to 0 at `until` by a cosine, where a method says nothing
    else. A step without a finite gradient, which a loss scaler skipped, puts the change off to the next step.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`.
        distribution: "erk", "er", "uniform", or each layer's name to its number; see
            `sooner.sparsity.distributions.densities`.
        fraction: of each layer's live weights that moves at first, in [0, 1].
        until: progress from which the masks stay, above 0 and at most 1.
        every: steps between changes, at least 1.
    """

    grows_by_gradient: ClassVar[bool] = True

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        density: float,
        distribution: Distribution | dict[str, float],
        fraction: float,
        until: float,
        every: int,
        seed: int,
        exclude: tuple[str, ...],
    ) -> None:
        super().__init__(model, optimizer, density=density, seed=seed, exclude=exclude)
        self.distribution = distribution
        self.fraction = number("fraction", fraction, 0.0, 1.0)
        self.until = share("until", until)
        self.every = whole_number("every", every, least=1)

    def _due(self, steps: int, progress: float) -> bool:
        return progress < self.until and steps - self._updated >= self.every

    def _update(self, progress: float) -> dict[str, Tensor] | None:
        growth = self._growth()
        return None if growth is None else self._rewire(self._masks, growth, progress)

    def _rewire(self, masks: dict[str, Tensor], growth: dict[str, Tensor], progress: float) -> dict[str, Tensor]:
        dropped = self._dropped(progress)
        return {
            name: rewired(masks[name], self._kept(weight, masks[name], dropped), growth[name])
            for name, weight in self._weights()
        }

    # What a method chooses.

    def _dropped(self, progress: float) -> float:
        """The share of live weights that is dropped at `progress`."""
        return cosine(progress, self.until, self.fraction)

    def _kept(self, weight: Tensor, mask: Tensor, dropped: float) -> Tensor:
        """Which live weights stay."""
        return largest(weight, mask, dropped)

    def _growth(self) -> dict[str, Tensor] | None:
        """How much each weight of each layer should live; None if that cannot be said after this step."""
        gradients = self._gradients()
        return None if gradients is None else {name: gradient.abs() for name, gradient in gradients.items()}
