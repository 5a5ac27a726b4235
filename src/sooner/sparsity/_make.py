"""Sparsity methods by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from sooner import registry
from sooner.batch import Batch
from sooner.sparsity._base import SparseTraining
from sooner.sparsity._scoring import Loss


def make(
    name: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    seed: int = 0,
    batches: Iterable[Batch] | None = None,
    loss: Loss | None = None,
    **options: Any,
) -> SparseTraining:
    """The registered sparsity method `name` on `model`, which is masked at once.

    Args:
        name: as in `sooner.registry.methods(seam="sparsity")`.
        model, optimizer, seed: see `SparseTraining`.
        batches: of training examples, new ones each time; passed on only to a method that scores on them.
        loss: (outputs, targets, index) -> (B,); passed on only to a method that scores with it.
        options: the method's own.

    Raises:
        KeyError: no method has that name; the message lists those there are.
        TypeError: the method has no such option, or one that it needs is not given; the message lists its options.
        ValueError: a value is out of range.
    """
    given = {"model": model, "optimizer": optimizer, "seed": seed, "batches": batches, "loss": loss}
    made: SparseTraining = registry.make("sparsity", name, given, options)
    return made
