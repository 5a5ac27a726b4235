"""Learning rates as a multiple of their peaks."""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer


def set_lr(optimizer: Optimizer, multiplier: float) -> None:
    """Set each group's learning rate to `multiplier` times its peak, the `initial_lr` of the group.

    A group without one has its peak in the learning rate that it is at now, and keeps that as its `initial_lr`, as
    torch's schedulers do. So any optimizer will do, and a group that is added later starts from its own rate. Change
    `group["initial_lr"]` to change a peak from then on. A learning rate that is a tensor is set in place, and stays
    the one that compiled code holds on to.
    """
    for group in optimizer.param_groups:
        rate = group["lr"]
        scaled = float(group.setdefault("initial_lr", float(rate))) * float(multiplier)
        if isinstance(rate, Tensor):
            rate.fill_(scaled)
        else:
            group["lr"] = scaled
