"""CCL, cyclical curriculum learning: rounds that grow from a part to all of the data and shrink again."""

from __future__ import annotations

import math
from functools import cached_property
from types import MappingProxyType

from torch import Tensor

from sooner._arguments import per_example, share
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling._draws import without_replacement
from sooner.sampling._orders import Part, Picked
from sooner.sampling._use import use
from sooner.sampling.permutation import Permutation


class CyclicalCurriculum(Sampler):
    """Round after round a part of the data of size s n: s = `start`, then s <- min(s / alpha, `end`) until `end`, then
    s <- max(s alpha, `start`) until `start`, and up again. By default s is 1/4, 1/2, 1, 1/2, 1/4, 1/2, ...

    A round is floor(s n) distinct examples, drawn one after another with chances in proportion to the scores of those
    left, and mixed. The easy ones, whose scores are high, are in most rounds; all are in those of s = 1.

    Source: Kesgin and Amasyali, Cyclical Curriculum Learning, IEEE TNNLS 2023. There the score is 1 / loss of the same
    network, trained on all the data before. Count the cost of that training.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`. Every round needs an example for each rank, with `drop_last` a
            full batch.
        start: the smallest part, above 0 and at most `end`.
        end: the largest, at most 1.
        alpha: from one size to the next, above 0 and below 1.
        scores: (n,) numbers, at least 0, higher for easier; floor(end * n) of them above 0. Left out, all are equal:
            the control that changes the sizes alone.

    Holds the scores and a round's indices, 16 bytes per example; a round's start takes O(n), some 60 nanoseconds per
    example.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        start: float = 0.25,
        end: float = 1.0,
        alpha: float = 0.5,
        scores: Tensor | None = None,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.end = share("end", end)
        self.start = share("start", start)
        self.alpha = share("alpha", alpha)
        if self.start > self.end:
            raise ValueError(f"start must be at most end, {self.end}, not {self.start}")
        if self.alpha == 1:
            raise ValueError("alpha must be below 1, or the size would never change, not 1")
        self.scores = None if scores is None else per_example("scores", scores, self.n, positive=True)
        largest = self._examples(self.end)
        drawable = self.n if self.scores is None else int(self.scores.count_nonzero())
        if largest > drawable:
            raise ValueError(
                f"scores must be above 0 for the {largest} examples of the largest round, and are for {drawable} only"
            )

    @cached_property
    def sizes(self) -> tuple[float, ...]:
        """The sizes s of one cycle, from `start` up to `end` and down again to before `start`."""
        cycle = [self.start]
        while cycle[-1] < self.end:
            cycle.append(min(cycle[-1] / self.alpha, self.end))
        while cycle[-1] * self.alpha > self.start:
            cycle.append(cycle[-1] * self.alpha)
        return tuple(cycle)

    def _examples(self, size: float) -> int:
        return max(1, math.floor(size * self.n + 1e-9))

    def order(self, epoch: int) -> Order:
        """The examples of round `epoch`."""
        count = self._examples(self.sizes[epoch % len(self.sizes)])
        drawn = derive(self.seed, "ccl", epoch)
        if self.scores is None or count == self.n:
            return Part(Permutation(self.n, drawn), 0, count)
        winners = without_replacement(self.scores.numpy(), count, drawn)
        return Picked(winners, Permutation(count, derive(drawn, "mixed")))


register(
    Method(
        name="ccl",
        seam="sampling",
        make=CyclicalCurriculum,
        title="CCL, cyclical curriculum learning",
        paper="Kesgin and Amasyali, Cyclical Curriculum Learning",
        year=2023,
        changes="Epochs are a quarter, half, all, half, a quarter, ... of the data, easy examples in more of them.",
        costs="Some 60 nanoseconds per example at the start of each round, 16 bytes per example; and the training of "
        "another network for the scores, unless all are equal.",
        helps="Reported on small image and text sets at equal numbers of examples; not yet confirmed here.",
        hurts="Hard examples are seen less often, and the scores cost a whole training beforehand.",
        use=use(given=MappingProxyType({"scores": "(n,) numbers, higher for easier"})),
    )
)
