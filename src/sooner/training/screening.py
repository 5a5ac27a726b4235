"""The forward pass before a step, for samplers that look at a batch's losses and keep a part of it."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric
from torch import nn

from sooner.batch import Batch
from sooner.losses import Loss
from sooner.sampling import Screening

_FEWEST = 2  # examples in a step


def screened(batch: Batch, sampler: Screening, model: nn.Module, loss: Loss, fabric: Fabric) -> tuple[Batch, int]:
    """What the sampler keeps of the batch, and how many examples that is.

    An example whose loss is not finite is kept in any case, or a run could diverge and look as if it had learned all.
    Where a step is made but fewer than two are kept, others fill up behind them at weight 0: batch norm needs two
    examples, and of several processes one that keeps nothing must still take its part in the step.

    Args:
        batch: as the sampler handed it out.
        sampler: decides.
        model: in training mode, not in a wrapper where processes would wait for each other.
        loss: of each example.
        fabric: for its precision.
    """
    with torch.no_grad(), fabric.autocast():
        model.eval()
        losses = loss(model(batch.inputs), batch.targets, batch.index).float()
        model.train()
        keep, weight = sampler.screen(batch.index, losses)
        kept = (keep | ~losses.isfinite()).nonzero().flatten()
        if len(kept) or fabric.world_size > 1:
            fillers = (~keep & losses.isfinite()).nonzero().flatten()[: max(0, _FEWEST - len(kept))]
            weight = weight.index_fill(0, fillers, 0.0)
            return batch.select(torch.cat([kept, fillers]), weight), len(kept)
        return batch.select(kept, weight), 0
