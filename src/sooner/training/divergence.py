"""Whether a run still learns: the loss watched at little cost, and the words for a run that has diverged."""

from __future__ import annotations

import math
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

_CHECK_EVERY = 20  # steps between looks at the loss: on an accelerator each look waits for the device
_EXPLODED = 50.0  # times the loss of the first steps


class LossWatch:
    """The mean loss of the last few steps, held against that of the first.

    Attributes:
        failure: how the run diverged, None as long as it has not.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.failure: str | None = None
        self._fabric = fabric
        self._sum: Tensor | float = 0.0
        self._steps = 0
        self._first: float | None = None

    def add(self, loss: Tensor) -> None:
        """Take note of a part of a step's loss, a detached scalar. Waits for nothing."""
        self._sum += loss

    def stepped(self) -> None:
        """The step whose parts were added is made."""
        self._steps += 1

    @property
    def due(self) -> bool:
        """Whether it is time to look."""
        return self._steps >= _CHECK_EVERY

    def check(self, step: int) -> None:
        """Look at the steps since the last time; `step` is the number of the last one."""
        if self._steps == 0:
            return
        mean = torch.as_tensor(self._sum) / self._steps
        if self._fabric.world_size > 1:
            mean = self._fabric.all_reduce(mean, reduce_op="mean")  # type: ignore[assignment]
        value = float(mean)
        self._sum, self._steps = 0.0, 0
        if self._first is None and math.isfinite(value):
            self._first = value
        if not math.isfinite(value):
            self.failure = f"the loss became {value} by step {step}"
        elif self._first is not None and value > _EXPLODED * max(self._first, 1.0):
            self.failure = f"the loss exploded from {self._first:.3g} to {value:.3g} by step {step}"

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"failure": self.failure, "loss": [float(self._sum), self._steps, self._first]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()`."""
        self.failure = state["failure"]
        self._sum, self._steps, self._first = state["loss"]
