"""Random pruning: masks drawn once, before training, and kept."""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import nn

from sooner.registry import Method, register
from sooner.sparsity._base import SparseTraining
from sooner.sparsity.distributions import Distribution


class RandomPruning(SparseTraining):
    """Live weights are drawn at random in every layer, before training, and stay the same.

    The control of every other method: what beats it by nothing has learnt nothing about which weights matter. How many
    are alive in each layer matters more than which.

    Source: Liu, Chen, Chen, Shen, Mocanu, Wang and Pechenizkiy, "The Unreasonable Effectiveness of Random Pruning:
    Return of the Most Naive Baseline for Sparse Training", ICLR 2022. Its code draws each mask entry by itself, so
    that counts vary with the draw; here they are exact.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`.
        distribution: "erk", "er", "uniform", or each layer's name to its number; see
            `sooner.sparsity.distributions.densities`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        density: float,
        distribution: Distribution | dict[str, float] = "erk",
        seed: int = 0,
        exclude: tuple[str, ...] = (),
    ) -> None:
        super().__init__(model, optimizer, density=density, seed=seed, exclude=exclude)
        self.distribution = distribution
        self._begin(self._random(self.target, distribution))


register(
    Method(
        name="random-pruning",
        seam="sparsity",
        make=RandomPruning,
        title="Random pruning",
        paper="Liu et al., The Unreasonable Effectiveness of Random Pruning: Return of the Most Naive Baseline for "
        "Sparse Training",
        year=2022,
        changes="Random weights are set to 0 before training and stay 0.",
        costs="Two products the size of the weights per step; the zeros save FLOPs on paper, not time.",
        helps="When few weights are to be kept or sent, and the network is wide and deep for its task.",
        hurts="Against masks that training moves, at a few per cent of the weights; and if the aim is a faster step.",
        example=MappingProxyType({"density": 0.2}),
    )
)
