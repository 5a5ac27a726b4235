"""The losses protocol: a loss stays one number per example until the step's last moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

_WIDE = (torch.float32, torch.float64)

IGNORED = -100  # the target of an example that does not count, as in torch


class Loss(Protocol):
    """Maps outputs (B, ...), targets (B, ...) and index (B,) int64 to the loss of each example, (B,).

    Any such function will do. The losses that are registered here take logits (B, C) of any floating dtype and
    targets (B,) int64, compute in float32 at least, and have `state_dict()` and `load_state_dict(state)`. An example
    whose target is `ignore_index` (an option, -100 unless it says otherwise, as in torch) has loss 0, no gradient, and
    is not remembered. As losses are per example, the mean is the caller's: `losses.mean()` counts such examples in its
    denominator, `losses.sum() / (targets != ignore_index).sum()` does not and is torch's. A sampler that goes by
    losses sees their 0.

    Training loops look for two more attributes, which only some losses have:

    - `progress`: set it to the share of the run that is spent, in [0, 1], before each step;
    - `scores`: a `ScoreStore`, where the loss remembers something of each example. Such a loss is called once for each
      example that a step trains on. With several processes, set `loss.scores.recording = True` before the first step
      and call `loss.scores.exchange()` at the end of each round, reading `loss.scores` again each time: that is when
      what was noted on an accelerator is copied to the store.

    A call under `torch.no_grad()` gives the same losses and changes nothing, so scoring and validation are free of
    side effects.
    """

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor, /) -> Tensor: ...


@dataclass(frozen=True)
class Stateless:
    """A loss that is a function of its options alone: nothing to save, nothing to load."""

    def state_dict(self) -> dict[str, Any]:
        """{}"""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Does nothing. Raises ValueError if the state is that of a loss which has one."""
        if state:
            raise ValueError(f"the state is that of another loss, with {', '.join(state)}; {self} has none")


def counted(targets: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """(B,) bool, which examples count, and the targets with class 0 in place of `ignore_index`."""
    counts = targets != ignore_index
    return counts, targets.masked_fill(~counts, 0)


def wide(outputs: Tensor, targets: Tensor) -> Tensor:
    """`outputs` in float32, or as they are in float64.

    Raises ValueError if they are not logits (B, C), or `targets` not B classes.
    """
    if outputs.ndim != 2 or not outputs.is_floating_point():
        raise ValueError(
            f"outputs must be logits, a floating tensor of shape (examples, classes), not {outputs.dtype} of shape "
            f"{tuple(outputs.shape)}"
        )
    if targets.shape != outputs.shape[:1] or targets.dtype != torch.int64:
        raise ValueError(
            f"targets must be the class of each of the {len(outputs)} outputs, int64 of shape ({len(outputs)},), not "
            f"{targets.dtype} of shape {tuple(targets.shape)}"
        )
    return outputs if outputs.dtype in _WIDE else outputs.float()
