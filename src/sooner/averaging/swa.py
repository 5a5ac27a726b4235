"""SWA: the plain mean of weights along the last part of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from torch import nn

from sooner._arguments import number, whole_number
from sooner.averaging._base import REFUSES, Averaging
from sooner.batch import Batch
from sooner.batch_norm import update_bn
from sooner.registry import Method, register


class SWA(Averaging):
    """From `start` on, the mean of `points` weights at even distances of progress; the last at the end of the run.

        mean <- mean + (weights - mean) / (number + 1)

    The mean of weights far from each other has other activations than any of them, so the running statistics of batch
    norm are estimated anew, on up to `statistics` examples of `batches`, before the mean is evaluated. Without batches
    they are averaged like the weights, which is worth less; a model without batch norm needs neither.

    It wants a learning rate that stays high enough to move through different good weights: constant or in cycles from
    `start` on, as in the paper. Under a schedule that anneals to 0 the points hardly differ, and little is gained.

    Source: Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, Averaging Weights Leads to Wider Optima and Better
    Generalization, UAI 2018, algorithm 1. The paper averages at the end of each epoch or cycle; here the number of
    points is given, so that it fits any budget.

    Args:
        model: see `Averaging`.
        batches: of training examples, each time anew, in any order; the model must take them as they are.
        start: progress from which on weights are averaged, at least 0 and below 1.
        points: how many are, at least 1.
        statistics: examples to estimate the statistics on, at least 1.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        batches: Iterable[Batch] | None = None,
        start: float = 0.75,
        points: int = 20,
        statistics: int = 2048,
    ) -> None:
        super().__init__(model)
        self.batches = batches
        self.start = number("start", start, 0, 1, below=True)
        self.points = whole_number("points", points, least=1)
        self.statistics = whole_number("statistics", statistics, least=1)
        self._passed = 0  # of the points
        self._estimated = False

    def step(self, progress: float) -> None:
        """See `Averaging`. Where a step passes several points at once, they are one."""
        passed = int((progress - self.start) / (1 - self.start) * self.points + 1e-9)
        if passed > self._passed:
            self._passed = passed
            self._take(1 / (self.taken + 1))
            self._estimated = False

    def prepare(self) -> None:
        """Estimate the statistics of batch norm for the mean, if that is not done. Costs passes forward."""
        if self._estimated or self.batches is None or not self.taken or not _statistics(self.model):
            return
        self._estimated = True
        with self.applied():
            update_bn(self.model, self._some(self.batches))
            for name, buffer in self.model.named_buffers():
                if name in self._mean:
                    self._mean[name].copy_(buffer)

    def _some(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        seen = 0
        for batch in batches:
            yield batch
            seen += len(batch)
            if seen >= self.statistics:
                return

    def state_dict(self) -> dict[str, Any]:
        """As of every averaging, with the points passed."""
        return {**super().state_dict(), "passed": self._passed, "estimated": self._estimated}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As of every averaging."""
        super().load_state_dict(state)
        self._passed, self._estimated = int(state["passed"]), bool(state["estimated"])


def _statistics(model: nn.Module) -> bool:
    """Whether a layer normalises by running statistics."""
    norms = (module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm))
    return any(module.track_running_stats for module in norms)


register(
    Method(
        name="swa",
        seam="averaging",
        make=SWA,
        title="SWA, stochastic weight averaging",
        paper="Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization",
        year=2018,
        changes="What is evaluated is the mean of weights along the last part of the run.",
        costs="Memory for another copy of the weights; with batch norm passes forward over some 2,000 examples for "
        "each evaluation of the mean.",
        helps="Where the learning rate stays high to the end: the mean is flatter and generalises better.",
        hurts="Under a schedule that ends at 0, whose last weights hardly differ; before `start` it does nothing.",
        example=MappingProxyType({"start": 0.5, "points": 4, "statistics": 64}),
        refuses=REFUSES,
    )
)
