"""Screening: samplers that look at the losses of a batch before it is trained on, and keep a part of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Screening(ABC):
    """What a sampler has in addition to its order where a batch's losses decide which of its examples are trained on.

    The training loop asks `screens(index)` of each batch. Where it says yes, the loop makes a forward pass over the
    whole batch without gradients, calls `screen`, and trains on what is kept, whose losses it then observes as ever.
    The extra pass is on the clock; a budget in examples or epochs counts all that is handed out. In a plain loop:

        for batch in loader:
            if sampler.screens(batch.index):
                model.eval()
                with torch.no_grad():
                    losses = criterion(model(batch.inputs), batch.targets)  # one per example
                model.train()
                keep, weight = sampler.screen(batch.index, losses)
                if not keep.any():
                    continue
                batch = batch.select(keep, weight)
            ...

    A batch may be left without an example: no step is made then. A loop that runs until it has made so many steps has
    to stop by itself where whole rounds go by without one, or it never ends; the training loop here does.

    An example whose loss is infinite or NaN is to be kept under every rule: no comparison holds for NaN, and a model
    that has diverged would look like one to which everything is easy. The training loop here sees to it.
    """

    @property
    def has_to_screen(self) -> bool:
        """Whether a loop that does not screen trains on what it should not: what is not kept has no weight of 0."""
        return True

    def screens(self, index: Tensor) -> bool:
        """Whether the batch of `index`, (B,) int64, has to be screened: all are, unless a method says otherwise."""
        return True

    @abstractmethod
    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """Which examples to train on, and their weights.

        Args:
            index: (B,) int64.
            losses: (B,) float, of the model as it is now, without gradient.

        Returns:
            keep, (B,) bool, and the factor of each example's loss, (B,) float32: both on the device of `losses`.
        """


def shuffled(keep: Tensor, among: Tensor, drawn: torch.Generator) -> Tensor:
    """(B,) bool `keep` with as many True as before, at random places where (B,) bool `among` is True; on the CPU."""
    mixed = keep.clone()
    part = keep[among]
    mixed[among] = part[torch.randperm(len(part), generator=drawn)]
    return mixed
