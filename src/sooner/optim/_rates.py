"""Learning rates as a multiple of their peaks."""

from __future__ import annotations

from torch.optim import Optimizer


def set_lr(optimizer: Optimizer, multiplier: float) -> None:
    """Set each group's learning rate to `multiplier` times its own `initial_lr`."""
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * multiplier
