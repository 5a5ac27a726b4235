"""Whether a run still learns: the loss watched at little cost, and the words for a run that has diverged."""

from __future__ import annotations

import math
import statistics
from collections import deque
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

_WINDOW = 20  # steps that are judged together, and between checks: on an accelerator each check waits for the device
_EXPLODED = 50.0  # times the loss of the first steps


class LossWatch:
    """The median loss of the last 20 steps, held against that of the first 20.

    More than half of them must have exploded: a single step, however bad, may be one bad batch. It takes as many steps
    whenever it is checked, so a check just after another one judges by most of the same steps again. A loss that is not
    finite needs no judgement: its gradient has spoilt the weights, and one step is enough.

    Attributes:
        failure: how the run diverged, None as long as it has not.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.failure: str | None = None
        self._fabric = fabric
        self._loss: Tensor | float = 0.0  # of the step under way, as far as its parts were added
        self._window: deque[Tensor | float] = deque(maxlen=_WINDOW)
        self._unchecked = 0  # steps, at most the length of the window
        self._first: float | None = None

    def add(self, loss: Tensor) -> None:
        """Take note of a part of a step's loss, a detached scalar. Waits for nothing."""
        self._loss += loss

    def stepped(self) -> None:
        """The step whose parts were added is made."""
        self._window.append(self._loss)
        self._loss = 0.0
        self._unchecked = min(self._unchecked + 1, _WINDOW)

    @property
    def due(self) -> bool:
        """Whether it is time to check."""
        return self._unchecked >= _WINDOW

    def check(self, step: int) -> None:
        """Judge the last steps, if there are any since the last check; `step` is the number of the last one."""
        if self._unchecked == 0:
            return
        losses = self._losses()
        spoilt = [loss for loss in losses[-self._unchecked :] if not math.isfinite(loss)]
        self._unchecked = 0
        if spoilt:
            self.failure = f"the loss became {spoilt[0]} by step {step}"
        elif len(losses) == _WINDOW:
            typical = statistics.median_low(losses)
            if self._first is None:
                self._first = typical
            elif typical > _EXPLODED * max(self._first, 1.0):
                self.failure = f"the loss exploded from {self._first:.3g} to {typical:.3g} by step {step}"

    def _losses(self) -> list[float]:
        """Of the steps in the window, each the mean over processes. Waits for the device."""
        losses = torch.stack([torch.as_tensor(loss) for loss in self._window])
        if self._fabric.world_size > 1:
            losses = self._fabric.all_reduce(losses, reduce_op="mean")  # type: ignore[assignment]
        return [float(loss) for loss in losses.tolist()]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {
            "failure": self.failure,
            "loss": [[float(loss) for loss in self._window], self._unchecked, self._first],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()`, or from one of version 0.2.0, which has the sum over the steps since a check."""
        self.failure = state["failure"]
        window, unchecked, self._first = state["loss"]
        self._unchecked = min(unchecked, _WINDOW)
        each = window if isinstance(window, list | tuple) else [window / max(unchecked, 1)] * self._unchecked
        self._window = deque(each, maxlen=_WINDOW)
        self._loss = 0.0
