"""`pytorch_optimizer`'s LARS and Muon, made to keep gradients as they are and to survive pickling.

Only imported when one of them is made, since the package is an extra and takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytorch_optimizer
import torch
from torch.optim import Optimizer

from sooner._sharded import is_sharded
from sooner.optim._checks import with_gradients
from sooner.optim._gradients import gradients


class _Mended(Optimizer):
    """What both lack: their steps write into the gradients, and pickling drops their own attributes."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step. Returns what `closure` does, which is called first if given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        step = super().step
        # torch makes the step of any class that has an instance call the hooks, and this one calls them already.
        inner = getattr(step, "__wrapped__").__get__(self) if hasattr(step, "hooked") else step  # noqa: B009
        groups = [with_gradients(group, type(self).__name__.lower()) for group in self.param_groups]
        with gradients([(p, g.clone()) for group in groups for p, g in zip(*group, strict=True)]):
            inner()
        return loss

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if not name.endswith("_hooks") and name != "step"}


class LARS(_Mended, pytorch_optimizer.LARS):
    """Layer-wise adaptive rate scaling."""

    def _can_use_foreach(self, group: dict[str, Any]) -> bool:
        # Without Nesterov it copies into a list of tensors, which torch does not know of sharded ones.
        return super()._can_use_foreach(group) and not any(map(is_sharded, group["params"]))


class Muon(_Mended, pytorch_optimizer.Muon):
    """Momentum that is orthogonalised, and AdamW."""
