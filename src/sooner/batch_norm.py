"""Running statistics of batch norm, estimated anew for weights that no step has trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from sooner.batch import Batch, Inputs, moved


def update_bn(model: nn.Module, batches: Iterable[Batch | Any]) -> int:
    """Give every batch norm of `model`, in place, the running statistics of `batches`, and no others.

    For weights that were put together rather than trained, such as an average over steps (EMA, SWA): the statistics
    that the model has belong to other weights. They are forgotten; then each batch passes forward once, and the new
    ones are the plain means over batches of each batch's mean and unbiased variance. A small last batch counts as much
    as a large one: leave it out if it is much smaller.

    The same as `torch.optim.swa_utils.update_bn` (which cannot read a `Batch`), but for the layers' surroundings: only
    batch norm is in training mode meanwhile. Dropout and the like are off, as in the evaluation that the statistics are
    for, so no random number is drawn. Afterwards each layer is in the mode, and has the momentum, that it had. Each
    process of distributed training estimates from its own batches, which `SyncBatchNorm` takes together.

    Costs a forward pass per batch, without gradients.

    Args:
        model: maps a batch's inputs to outputs; its layers may be ghosts (`sooner.batching.ghost_batch_norm`), each of
            which then counts as a batch. Layers without running statistics are left alone.
        batches: `Batch`es; or tuples or lists, of which the first element is the inputs; or inputs. They are moved to
            the device of the model. Unless there is batch norm nothing is asked of it.

    Returns:
        The number of layers with new statistics.

    Raises:
        ValueError: there are no batches; the statistics are as they were. Or torch's own, where a batch has a single
            value per channel; the statistics are then those of the batches before.
    """
    layers = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats]
    if not layers:
        return 0
    device = next(tensor.device for layer in layers for tensor in layer.buffers())
    modes = [(module, module.training) for module in model.modules()]
    momenta = [layer.momentum for layer in layers]
    model.eval()
    seen = 0
    try:
        with torch.no_grad():
            for seen, batch in enumerate(batches, 1):
                if seen == 1:
                    _begin(layers)
                model(moved(_inputs(batch), device))
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        for module, mode in modes:
            module.training = mode
    if not seen:
        raise ValueError(
            "no batch to estimate the statistics of batch norm from: pass one or more; a used iterator has none"
        )
    return len(layers)


def _begin(layers: Iterable[nn.modules.batchnorm._BatchNorm]) -> None:
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean
        layer.train()


def _inputs(batch: Any) -> Inputs:
    if isinstance(batch, Batch):
        return batch.inputs
    inputs: Inputs = batch[0] if isinstance(batch, tuple | list) else batch
    return inputs
