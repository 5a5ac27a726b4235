"""SynFlow: prune before training, without data, so that the flow through the network is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sooner._arguments import whole_number
from sooner.batch import Batch
from sooner.registry import Method, register
from sooner.sparsity._base import SparseTraining
from sooner.sparsity._control import random_masks
from sooner.sparsity._ranking import top_of_all
from sooner.sparsity._scoring import finite, gradients, undisturbed

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm)


def synflow_scores(model: nn.Module, weights: dict[str, Tensor], shape: tuple[int, ...]) -> dict[str, Tensor]:
    """|theta| dR/d|theta| of every weight; R is the sum of the outputs for an input of ones, all parameters |theta|.

    In evaluation mode, biases 0 and every layer of torch's that normalises left out, so in a net of linear layers,
    convolutions, ReLU and sums R is 1^T prod |theta| 1 and the score is the flow through the weight. In float64, where
    the device has it: R grows as fast as the product of the layers' widths.
    """
    first = next(iter(weights.values()))
    wide = torch.float32 if first.device.type == "mps" else torch.float64
    names = {id(weight): name for name, weight in weights.items()}
    values: dict[str, Tensor] = {}
    scored: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        value = parameter.detach().abs().to(wide) if parameter.is_floating_point() else parameter.detach()
        if "bias" in name.rpartition(".")[2]:
            value.zero_()
        if id(parameter) in names:
            scored[names[id(parameter)]] = value.requires_grad_()
        values[name] = value
    for name, buffer in model.named_buffers():
        values[name] = buffer.detach().to(wide) if buffer.is_floating_point() else buffer.detach().clone()
    with undisturbed(model, "synflow"), _without_norms(model):
        model.eval()
        outputs = functional_call(model, values, (torch.ones(1, *shape, dtype=wide, device=first.device),))
        slopes = gradients(outputs.sum(), [scored[name] for name in weights])
    pairs = zip(weights, slopes, strict=True)
    return finite({name: (scored[name].detach() * gradient).abs() for name, gradient in pairs}, "synflow")


@contextmanager
def _without_norms(model: nn.Module) -> Iterator[None]:
    def passed(module: nn.Module, inputs: Any, output: Any) -> Any:
        return inputs[0]

    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, _NORMS):
                stack.callback(module.register_forward_hook(passed).remove)
        yield


class SynFlow(SparseTraining):
    """Little by little, in `rounds` rounds before training, the weights with the least synaptic flow die. No data.

    After round k of n the share density^(k/n) is alive, those with the highest |theta dR/dtheta| over all layers,
    R = 1^T prod |theta| 1 of the network as it is masked then. The flow is conserved between layers, so that rounds
    small enough never empty one; pruned at once (rounds=1), whole layers go, of which here one weight is kept.

    Layers that normalise are left out while scoring, so it does not matter what they have learnt, nor that some nets
    begin with scales of 0. The published code keeps their |scale| and |bias|, which at initialisation is mostly the
    same but for factors 1/sqrt(1 + eps). Layers of that kind that are not torch's own, and activations other than ReLU,
    act as they are, and the scores mean less.

    Source: Tanaka, Kunin, Yamins and Ganguli, "Pruning Neural Networks without Any Data by Iteratively Conserving
    Synaptic Flow", NeurIPS 2020, algorithm 1.

    Args:
        model, optimizer, density, seed, exclude: see `SparseTraining`. `seed` changes nothing.
        batches: the first says the shape of an example, a floating-point tensor; its values are not used.
        rounds: at least 1; 100 in the paper.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        batches: Iterable[Batch] | None,
        density: float,
        rounds: int = 100,
        seed: int = 0,
        exclude: tuple[str, ...] = (),
    ) -> None:
        super().__init__(model, optimizer, density=density, seed=seed, exclude=exclude)
        self.rounds = whole_number("rounds", rounds, least=1)
        inputs = next((batch.inputs for batch in batches or ()), None)
        if not isinstance(inputs, Tensor) or not inputs.is_floating_point():
            raise ValueError(
                "synflow sends ones through the model and takes their shape from batches, an iterable of sooner.Batch "
                f"whose inputs are a floating-point tensor, not {type(inputs).__name__}"
            )
        self._begin(self._conserving(tuple(inputs.shape[1:])))

    def _conserving(self, shape: tuple[int, ...]) -> dict[str, Tensor]:
        weights: dict[str, Tensor] = dict(self._weights())
        total = sum(self._sizes.values())
        saved = {name: weight.detach().clone() for name, weight in weights.items()}
        masks = {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
        try:
            for round_ in range(1, self.rounds + 1):
                kept = self._goal if round_ == self.rounds else round(self.target ** (round_ / self.rounds) * total)
                scores = synflow_scores(self.model, weights, shape)
                ranked = {name: score.where(masks[name], -1) for name, score in scores.items()}
                masks = top_of_all(ranked, max(kept, self._goal))
                with torch.no_grad():
                    for name, weight in weights.items():
                        weight.mul_(masks[name])
        finally:
            with torch.no_grad():
                for name, weight in weights.items():
                    weight.copy_(saved[name])
        return masks


register(
    Method(
        name="synflow",
        seam="sparsity",
        make=SynFlow,
        title="SynFlow",
        paper="Tanaka et al., Pruning Neural Networks without Any Data by Iteratively Conserving Synaptic Flow",
        year=2020,
        changes="Before training, the weights with the least flow through them are set to 0 and stay 0.",
        costs="100 passes of one example, forward and backward, at the start, then two products the size of the "
        "weights per step.",
        helps="Without data, and at 1% of the weights and below, where others cut the network in two.",
        hurts="It does not see the task: up to some 95% of zeros others do as well or better. No time is saved.",
        scored=True,
        control=random_masks,
        example=MappingProxyType({"density": 0.2, "rounds": 10}),
    )
)
