"""Gradients for samplers that look at them: of each example by itself, and gathered from all ranks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from sooner._sharded import refuse_sharded


def per_example_gradients(
    model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, targets: Tensor
) -> Tensor:
    """The gradient of each example's loss by all trainable parameters, in the order of `model.parameters()`: (B, d).

    `model.grad` is left alone. Costs about the memory of B copies of the parameters, and one forward and backward
    pass, so it is for small models; for others hand over the gradient of a micro-batch.

    Args:
        model: maps (B, ...) to (B, ...); not one wrapped for distributed training, but the module inside.
        loss: maps outputs and targets of one example, (1, ...) each, to its loss, one number.
        inputs: (B, ...).
        targets: (B, ...).

    Raises:
        ValueError: a layer normalises over the batch, so that no example has a gradient of its own.
    """
    refuse_sharded("per_example_gradients", model, "observe each batch's mean gradient, .full_tensor() of it")
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (module.training or not module.track_running_stats):
            raise ValueError(
                f"layer {name or 'model'} normalises over the batch, so no example has a gradient of its own: use "
                "another normalisation, or hand over the gradient of each micro-batch"
            )
    trainable = {name: parameter.detach() for name, parameter in model.named_parameters() if parameter.requires_grad}
    frozen = {name: parameter.detach() for name, parameter in model.named_parameters() if not parameter.requires_grad}
    rest = {**frozen, **dict(model.named_buffers())}

    def loss_of_one(parameters: dict[str, Tensor], one: Tensor, target: Tensor) -> Tensor:
        outputs = functional_call(model, (parameters, rest), (one[None],))
        return loss(outputs, target[None]).sum()

    each = vmap(grad(loss_of_one), in_dims=(None, 0, 0), randomness="different")(trainable, inputs, targets)
    return torch.cat([each[name].flatten(1) for name in trainable], dim=1)


def gathered(part: Tensor) -> Tensor:
    """The whole batch's rows, in its order, from each rank's `part`: (B, ...) on every rank; alone, `part` itself.

    For parts as a sharded sampler hands them out: rank r has rows r, r + world, r + 2 world, ... of the batch. All
    ranks must call it, with the same shape but for the number of rows. Sends B / world rows to every rank.
    """
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return part
    world = torch.distributed.get_world_size()
    size = torch.tensor([len(part)], device=part.device)
    sizes = [torch.empty_like(size) for _ in range(world)]
    torch.distributed.all_gather(sizes, size)
    rows = [int(size) for size in sizes]
    padded = part.new_zeros((rows[0], *part.shape[1:]))
    padded[: len(part)] = part
    parts = [torch.empty_like(padded) for _ in range(world)]
    torch.distributed.all_gather(parts, padded)
    return torch.stack(parts, dim=1).flatten(0, 1)[: sum(rows)]
