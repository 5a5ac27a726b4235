"""SNIP: prune before training what the loss depends on least."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

import torch
from torch import Tensor, nn

from sooner._arguments import whole_number
from sooner.batch import Batch
from sooner.registry import Method, register
from sooner.sparsity._base import SparseTraining
from sooner.sparsity._control import random_masks
from sooner.sparsity._ranking import top_of_all
from sooner.sparsity._scoring import Loss, finite, gradients, mean_loss, take, undisturbed


def snip_scores(
    model: nn.Module, weights: dict[str, Tensor], batches: list[Batch], loss: Loss | None, seed: int = 0
) -> dict[str, Tensor]:
    """|dL/dc_j| at c = 1 of every weight, where c multiplies it: |w_j dL/dw_j|, L the mean loss over `batches`."""
    total = sum(len(batch) for batch in batches)
    summed = [torch.zeros_like(weight) for weight in weights.values()]
    with undisturbed(model, "snip", seed):
        for batch in batches:
            for one, gradient in zip(
                summed, gradients(mean_loss(model, loss, batch, total), list(weights.values())), strict=True
            ):
                one += gradient
    pairs = zip(weights.items(), summed, strict=True)
    return finite({name: (weight.detach() * gradient).abs() for (name, weight), gradient in pairs}, "snip")


class SNIP(SparseTraining):
    """The weights with the largest connection sensitivity |w dL/dw| over all layers are alive, from before training on.

    L is the mean loss of the first `examples` training examples of `batches`, the model as it is: in training mode,
    which it should be, batch norm uses the statistics of each batch, and dropout draws from a seed of its own. The
    paper's division by the sum of all scores changes no rank and is left out. Each layer keeps its best weight, so none
    is cut in two; the published method can do that above some 98% of zeros. With several processes, give each the
    same batches, or masks will differ.

    Source: Lee, Ajanthan and Torr, "SNIP: Single-shot Network Pruning Based on Connection Sensitivity", ICLR 2019,
    equations 5 and 6; there on one batch of 100 or 128.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`.
        batches: of training examples; as many are taken as needed, weights of examples are not used.
        loss: (outputs, targets, index) -> (B,), the loss of each example.
        examples: to score on, at least 1; all there are, if fewer.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        batches: Iterable[Batch] | None,
        loss: Loss | None,
        density: float,
        examples: int = 128,
        seed: int = 0,
        exclude: tuple[str, ...] = (),
    ) -> None:
        super().__init__(model, optimizer, density=density, seed=seed, exclude=exclude)
        self.examples = whole_number("examples", examples, least=1)
        weights: dict[str, Tensor] = dict(self._weights())
        taken = take(batches, self.examples, next(iter(weights.values())).device, "snip")
        self._begin(top_of_all(snip_scores(self.model, weights, taken, loss, self.seed), self._goal))


register(
    Method(
        name="snip",
        seam="sparsity",
        make=SNIP,
        title="SNIP",
        paper="Lee, Ajanthan and Torr, SNIP: Single-shot Network Pruning Based on Connection Sensitivity",
        year=2019,
        changes="Before training, the weights on which the loss depends least are set to 0 and stay 0.",
        costs="One gradient of a batch at the start, then two products the size of the weights per step.",
        helps="When a small network is wanted from the start, up to some 95% of zeros.",
        hurts="Much of what it gains over random masks is its share of weights per layer; and zeros save no time.",
        scored=True,
        control=random_masks,
        example=MappingProxyType({"density": 0.2}),
    )
)
