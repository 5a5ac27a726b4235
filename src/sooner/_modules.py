"""The user's own module inside the wrappers that train it."""

from __future__ import annotations

from torch import nn


def unwrapped(model: nn.Module) -> nn.Module:
    """The module inside DataParallel, DistributedDataParallel, `torch.compile` and Lightning Fabric."""
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            model = model.module
            continue
        inside = (getattr(model, name, None) for name in ("_forward_module", "_orig_mod"))
        inner = next((module for module in inside if isinstance(module, nn.Module)), None)
        if inner is None:
            return model
        model = inner
