"""Dynamic random pruning: another random part of the data every few rounds, the control of every dynamic method."""

from __future__ import annotations

from types import MappingProxyType

from sooner._arguments import share, whole_number
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling._orders import Picked
from sooner.sampling.permutation import Permutation


class DynamicRandom(Sampler):
    """One random `fraction` of the examples, redrawn every `period` rounds, in a fresh order every round.

    With `period` 1 each round is an independent draw, which is RS2 with replacement; with a period as long as the run
    it is `StaticSubset`.

    Source: the random baseline of Raju, Daruwalla and Lipasti, Accelerating Deep Learning with Dynamic Data Pruning,
    2021, which it shows to beat static pruning at high rates.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        fraction: of the examples to keep, above 0 and at most 1; at least one is kept.
        period: rounds that a draw stays, at least 1.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        fraction: float,
        period: int = 1,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.fraction = share("fraction", fraction)
        self.period = whole_number("period", period, least=1)
        self._size = max(1, round(self.fraction * self.n))

    def order(self, epoch: int) -> Order:
        """The draw of round `epoch` in its order. O(1) memory."""
        draw = Permutation(self.n, derive(self.seed, "dynamic random", epoch // self.period))
        return Picked(draw, Permutation(self._size, derive(self.seed, "dynamic random order", epoch)))


register(
    Method(
        name="dynamic-random",
        seam="sampling",
        make=DynamicRandom,
        title="Dynamic random pruning",
        paper="Raju, Daruwalla and Lipasti, Accelerating Deep Learning with Dynamic Data Pruning",
        year=2021,
        changes="Every few rounds training moves to another random part of the data.",
        costs="Some 20 microseconds per batch of 128; no memory.",
        helps="As the control that any dynamic pruning by score has to beat; it is hard to beat itself.",
        hurts="Against the full data under a schedule fitted to the same budget there is little left to gain.",
        example=MappingProxyType({"fraction": 0.5, "period": 2}),
    )
)
