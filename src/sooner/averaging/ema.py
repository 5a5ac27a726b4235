"""EMA: an exponential moving average of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from torch import nn

from sooner._arguments import flag, number, whole_number
from sooner.averaging._base import REFUSES, Averaging
from sooner.registry import Method, register


class EMA(Averaging):
    """Every step the mean moves 1 - decay of the way to the weights: the last 1 / (1 - decay) steps count.

        mean <- decay mean + (1 - decay) weights

    With `warmup` the decay of the t-th time is min(decay, (1 + t) / (10 + t)), so that the weights of the start are
    soon forgotten; without it they have the share decay^t, which in a short run is most of the mean.

    Much of what it gains is what a falling learning rate gains as well, earlier in training: the noise of the last
    steps is averaged away. Under a schedule that ends at 0 little is left to gain at the end. Running statistics of
    batch norm are averaged too, and lag behind the mean's own where weights move fast.

    Source: Morales-Brotons, Vogels and Hendrikx, Exponential Moving Average of Weights in Deep Learning: Dynamics and
    Benefits, TMLR 2024; the warm-up is that of TensorFlow's `ExponentialMovingAverage`.

    Args:
        model: see `Averaging`.
        decay: at least 0 and below 1.
        warmup: whether the decay rises to its value.
        every: steps from one time to the next, at least 1; the decay is that of one time.
    """

    def __init__(self, model: nn.Module, *, decay: float = 0.999, warmup: bool = True, every: int = 1) -> None:
        super().__init__(model)
        self.decay = number("decay", decay, 0, 1, below=True)
        self.warmup = flag("warmup", warmup)
        self.every = whole_number("every", every, least=1)
        self._steps = 0

    def step(self, progress: float) -> None:
        """See `Averaging`; `progress` is not looked at."""
        self._steps += 1
        if self._steps % self.every == 0:
            decay = min(self.decay, (1 + self.taken) / (10 + self.taken)) if self.warmup else self.decay
            self._take(1 - decay)

    def state_dict(self) -> dict[str, Any]:
        """As of every averaging, with the number of steps."""
        return {**super().state_dict(), "steps": self._steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As of every averaging."""
        super().load_state_dict(state)
        self._steps = int(state["steps"])


register(
    Method(
        name="ema",
        seam="averaging",
        make=EMA,
        title="EMA, exponential moving average of weights",
        paper="Morales-Brotons, Vogels and Hendrikx, Exponential Moving Average of Weights in Deep Learning",
        year=2024,
        changes="What is evaluated is a moving average of the weights; training goes on as ever.",
        costs="One pass over the weights per step, and memory for another copy of them.",
        helps="While the learning rate is high: the average is as good as weights at a lower rate, sooner.",
        hurts="Under a schedule that ends at 0 little is left at the end; a decay too near 1 for the run lags behind.",
        example=MappingProxyType({"decay": 0.9}),
        refuses=REFUSES,
    )
)
