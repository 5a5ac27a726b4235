"""A step's backward pass in a plain loop, in micro-batches where a batching method wants to see their gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sooner.batch import Batch
from sooner.batching._base import Batching


def observe_parts(
    batching: Batching, model: nn.Module, batch: Batch, loss: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Add the gradient of the batch's mean loss to `.grad`, and show `batching` those of its micro-batches.

    In place of `loss.backward()`, in one process. Where no gradients are asked for it is one pass; else each
    micro-batch has its own, and layers that normalise over the batch normalise over the micro-batch.

    Args:
        batching: says into how many parts.
        model: maps a batch's inputs to outputs.
        batch: the step's examples, their weights as factors of their losses.
        loss: maps outputs and targets to the loss of each example, (B,).

    Returns:
        The mean loss, a detached scalar.

    Raises ValueError for a model wrapped for distributed training, or a loss that is not per example.
    """
    if isinstance(model, nn.parallel.DistributedDataParallel) and batching.parts:
        raise ValueError("observe_parts works in one process: the gradients of parts would not be averaged over ranks")
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total = torch.zeros((), device=batch.weight.device)
    for part in batch.split(batching.parts or 1):
        losses = loss(model(part.inputs), part.targets)
        if losses.shape != part.index.shape:
            raise ValueError(
                f"the loss must give one number per example, shape ({len(part)},), not {tuple(losses.shape)}; "
                'with a torch loss pass reduction="none"'
            )
        mean, share = (losses * part.weight).mean(), len(part) / len(batch)
        if batching.parts:
            gradients = torch.autograd.grad(mean, parameters, allow_unused=True, materialize_grads=True)
            batching.observe(torch.cat([gradient.flatten() for gradient in gradients]), len(part))
            for parameter, gradient in zip(parameters, gradients, strict=True):
                scaled = gradient * share
                parameter.grad = scaled if parameter.grad is None else parameter.grad + scaled
        else:
            mean.backward()  # type: ignore[no-untyped-call]
        total += mean.detach() * share
    return total
