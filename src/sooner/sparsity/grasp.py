"""GraSP: prune before training what the flow of gradients needs least."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from sooner._arguments import number, whole_number
from sooner.batch import Batch
from sooner.registry import Method, register
from sooner.sparsity._base import SparseTraining
from sooner.sparsity._control import random_masks
from sooner.sparsity._ranking import top_of_all
from sooner.sparsity._scoring import Loss, finite, gradients, mean_loss, take, undisturbed


def grasp_scores(
    model: nn.Module,
    weights: dict[str, Tensor],
    batches: list[Batch],
    loss: Loss | None,
    temperature: float = 200.0,
    seed: int = 0,
) -> dict[str, Tensor]:
    """S = -w (Hg) of every weight: H and g are Hessian and gradient by `weights` of the mean loss over `batches`.

    S is how far removing the weight raises the squared norm of the gradient, to first order and halved, so those with
    the highest S are pruned.
    """
    tensors = list(weights.values())
    total = sum(len(batch) for batch in batches)
    gradient = [torch.zeros_like(weight) for weight in tensors]
    product = [torch.zeros_like(weight) for weight in tensors]
    # The fused kernels of attention have no second derivative.
    with undisturbed(model, "grasp", seed), sdpa_kernel(SDPBackend.MATH):
        for batch in batches:
            for one, part in zip(
                gradient, gradients(mean_loss(model, loss, batch, total, temperature), tensors), strict=True
            ):
                one += part
    with undisturbed(model, "grasp", seed), sdpa_kernel(SDPBackend.MATH):
        for batch in batches:
            parts = gradients(mean_loss(model, loss, batch, total, temperature), tensors, create_graph=True)
            inner = torch.stack([(one * part).sum() for one, part in zip(gradient, parts, strict=True)]).sum()
            for one, part in zip(product, gradients(inner, tensors), strict=True):
                one += part
    pairs = zip(weights.items(), product, strict=True)
    return finite({name: -weight.detach() * one for (name, weight), one in pairs}, "grasp")


class GraSP(SparseTraining):
    """The weights whose removal would raise the norm of the gradient most die, before training.

    S(-w) = -w (Hg), equation 8 of the paper; the share 1 - density of all weights with the highest S is pruned (its
    algorithm 1), so those with the lowest are alive. The model's outputs, logits, are divided by `temperature` first,
    as in its code. That code also draws new weights for linear layers while scoring, and balances the classes of the
    examples; here the weights are those that will be trained, and the examples the first of `batches`. Each layer
    keeps its best weight. The model is scored as it is; it should be in training mode. With several processes, give
    each the same batches, or masks will differ.

    Source: Wang, Zhang and Grosse, "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`. The model is differentiated twice.
        batches: of training examples; as many are taken as needed and held at once, weights of examples are not used.
        loss: (outputs, targets, index) -> (B,), the loss of each example.
        examples: to score on, at least 1; all there are, if fewer. The paper takes ten of each class.
        temperature: above 0.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        batches: Iterable[Batch] | None,
        loss: Loss | None,
        density: float,
        examples: int = 256,
        temperature: float = 200.0,
        seed: int = 0,
        exclude: tuple[str, ...] = (),
    ) -> None:
        super().__init__(model, optimizer, density=density, seed=seed, exclude=exclude)
        self.examples = whole_number("examples", examples, least=1)
        self.temperature = number("temperature", temperature, 1e-3)
        weights: dict[str, Tensor] = dict(self._weights())
        taken = take(batches, self.examples, next(iter(weights.values())).device, "grasp")
        scores = grasp_scores(self.model, weights, taken, loss, self.temperature, self.seed)
        self._begin(top_of_all({name: -score for name, score in scores.items()}, self._goal))


register(
    Method(
        name="grasp",
        seam="sparsity",
        make=GraSP,
        title="GraSP",
        paper="Wang, Zhang and Grosse, Picking Winning Tickets Before Training by Preserving Gradient Flow",
        year=2020,
        changes="Before training, the weights whose removal keeps gradients large are set to 0 and stay 0.",
        costs="Two gradients and one second derivative of 256 examples at the start, then two products the size of the "
        "weights per step.",
        helps="At 2% of the weights and below, where it was published to be ahead of SNIP.",
        hurts="Up to 95% of zeros it was published to be no better than SNIP, and masks that move to be better. Its "
        "zeros save no time.",
        scored=True,
        control=random_masks,
        example=MappingProxyType({"density": 0.2}),
    )
)
