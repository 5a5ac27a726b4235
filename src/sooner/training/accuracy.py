"""The metric on a split: plain evaluation, without gradients or augmentation."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from sooner.batch import Batch


@torch.inference_mode()
def accuracy(model: nn.Module, batches: Iterable[Batch]) -> float:
    """Share in [0, 1] of examples whose largest logit is their class. Leaves the model in the mode it was in."""
    was_training = model.training
    model.eval()
    correct: Tensor | int = 0
    seen = 0
    for batch in batches:
        correct = correct + (model(batch.inputs).argmax(1) == batch.targets).sum()
        seen += len(batch)
    model.train(was_training)
    if seen == 0:
        raise ValueError("there is no example to evaluate on")
    return int(correct) / seen
