"""Learning rates that follow the batch size: linear, and by the square root."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from sooner._arguments import number, whole_number
from sooner.batching._base import Batching
from sooner.registry import Method, register


class LinearScaling(Batching):
    """The learning rate times k = batch_size / reference: k times the examples in a step, k times the step.

    A step on k batches then moves about as far as k steps on one of them would, as long as the gradient changes little
    on the way. It breaks down at the start, hence the warm-up, and for batches beyond a few thousand examples.

    Source: Goyal, Dollar, Girshick, Noordhuis, Wesolowski, Kyrola, Tulloch, Jia and He, Accurate, Large Minibatch SGD:
    Training ImageNet in 1 Hour, 2017, section 2. Their gradual warm-up raises the rate by a constant amount per step
    from that of the reference to k times it, over the first 5 of 90 epochs: warmup=0.056. It multiplies with the
    schedule, which may have a warm-up of its own.

    Args:
        batch_size: see `Batching`.
        reference: the batch size that the peak learning rate was found for, at least 1.
        warmup: share of the budget over which the factor rises from 1, in [0, 1). A factor below 1 has none.
    """

    _exponent: ClassVar[float] = 1.0

    def __init__(self, batch_size: int, *, reference: int, warmup: float = 0.0) -> None:
        super().__init__(batch_size)
        self.reference = whole_number("reference", reference, least=1)
        self.warmup = number("warmup", warmup, 0, 1, below=True)
        self._progress = 0.0

    @property
    def lr_scale(self) -> float:
        """The factor, or on the way to it from 1 during warm-up."""
        full = float((self.batch_size / self.reference) ** self._exponent)
        if full <= 1 or self._progress >= self.warmup:
            return full
        return 1 + (full - 1) * self._progress / self.warmup

    def step(self, progress: float) -> None:
        """See `Batching`."""
        self._progress = number("progress", progress, 0, 1)

    def _progressed(self) -> dict[str, Any]:
        return {"progress": self._progress}

    def _go_on(self, state: Mapping[str, Any]) -> None:
        self.step(state["progress"])


class SqrtScaling(LinearScaling):
    """The learning rate times sqrt(batch_size / reference).

    The mean of k times the examples has 1/k of the variance; for SGD this factor keeps the variance of a step what it
    was (Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014, section 5, who then used
    the linear rule because it did better; Hoffer, Hubara and Soudry, Train longer, generalize better, 2017, section 4).
    For Adam and its kin it is the rule under which small and large batches follow the same stochastic differential
    equation: Malladi, Lyu, Panigrahi and Arora, On the SDEs and Scaling Rules for Adaptive Gradient Algorithms, 2022.
    There it comes with 1 - beta1 and 1 - beta2 times k and eps divided by sqrt(k), which only the recipe's optimizer
    can set.

    Args:
        batch_size, reference, warmup: see `LinearScaling`.
    """

    _exponent = 0.5


register(
    Method(
        name="linear-scaling",
        seam="batching",
        make=LinearScaling,
        title="Linear scaling of the learning rate",
        paper="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour",
        year=2017,
        changes="The learning rate grows in proportion to the batch size, if asked over a warm-up.",
        costs="Nothing.",
        helps="With SGD, when a recipe is moved to a batch some times as large.",
        hurts="At very large batches, where the rate becomes too high to train at, and with Adam.",
        example=MappingProxyType({"reference": 16, "warmup": 0.1}),
    )
)

register(
    Method(
        name="sqrt-scaling",
        seam="batching",
        make=SqrtScaling,
        title="Square-root scaling of the learning rate",
        paper="Krizhevsky, One weird trick for parallelizing convolutional neural networks",
        year=2014,
        changes="The learning rate grows with the square root of the batch size, if asked over a warm-up.",
        costs="Nothing.",
        helps="With Adam and its kin; with SGD where the linear rule diverges.",
        hurts="With SGD at moderately larger batches, where the linear rule keeps up better.",
        example=MappingProxyType({"reference": 16, "warmup": 0.1}),
    )
)
