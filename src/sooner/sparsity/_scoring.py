"""Scores of weights before training, from passes that leave no trace in the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from sooner.batch import Batch, Inputs
from sooner.random import isolated

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


@contextmanager
def undisturbed(model: nn.Module, purpose: str, seed: int = 0) -> Iterator[None]:
    """Put training modes, buffers and torch's random state back afterwards; inside, autocast is off and grad is on."""
    device = next(model.parameters()).device
    modes = {module: module.training for module in model.modules()}
    # The dictionary too: a module may replace a buffer where batch norm writes into it.
    buffers = [(module, dict(module._buffers)) for module in model.modules()]
    values = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    try:
        with isolated(seed, purpose, device=device), torch.enable_grad(), torch.autocast(device.type, enabled=False):
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for module, held in buffers:
            module._buffers.update(held)
        with torch.no_grad():
            for buffer, value in values:
                buffer.copy_(value)


def take(batches: Iterable[Batch] | None, examples: int, device: torch.device, method: str) -> list[Batch]:
    """The first `examples` examples, or all there are, on `device`.

    Raises ValueError if there is none.
    """
    taken: list[Batch] = []
    missing = examples
    for batch in batches or ():
        if len(batch) > missing:
            batch = batch.select(torch.arange(missing), batch.weight[:missing])
        taken.append(batch.to(device))
        missing -= len(batch)
        if missing == 0:
            break
    if missing == examples:
        raise ValueError(f"{method} scores weights on training examples: give it batches, an iterable of sooner.Batch")
    return taken


def mean_loss(model: nn.Module, loss: Loss | None, batch: Batch, total: int, temperature: float = 1.0) -> Tensor:
    """The batch's part of the mean loss of `total` examples, its outputs divided by `temperature`.

    Raises ValueError if `loss` is None or does not give one number per example.
    """
    if loss is None:
        raise ValueError("scores of weights need loss, a function (outputs, targets, index) -> (B,)")
    inputs: Inputs = batch.inputs
    outputs = model(inputs)
    losses = loss(outputs if temperature == 1.0 else outputs / temperature, batch.targets, batch.index)
    if losses.shape != batch.index.shape:
        raise ValueError(
            f"loss must give one number per example, shape ({len(batch)},), not {tuple(losses.shape)}; "
            'with a torch loss pass reduction="none"'
        )
    return losses.sum() / total


def gradients(loss: Tensor, weights: list[Tensor], create_graph: bool = False) -> list[Tensor]:
    """Of `loss` by each of `weights`, 0 where it does not depend on it; `.grad` is not touched."""
    if not loss.requires_grad:
        return [torch.zeros_like(weight) for weight in weights]
    gradients = torch.autograd.grad(loss, weights, create_graph=create_graph, allow_unused=True)
    return [torch.zeros_like(w) if slope is None else slope for w, slope in zip(weights, gradients, strict=True)]


def finite(scores: dict[str, Tensor], method: str) -> dict[str, Tensor]:
    """`scores`, or a ValueError that names the layer with one that is no finite number."""
    for name, score in scores.items():
        if not bool(score.isfinite().all()):
            raise ValueError(f"{method}: the scores of layer '{name}' are not finite; are the weights, data and loss?")
    return scores
