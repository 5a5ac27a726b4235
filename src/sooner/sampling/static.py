"""A static random subset: the control for every method that keeps only a part of the data."""

from __future__ import annotations

from types import MappingProxyType

from torch import Tensor

from sooner._arguments import flag, labels, share
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling._orders import Picked
from sooner.sampling._strata import Strata
from sooner.sampling.permutation import Permutation


class StaticSubset(Sampler):
    """One random `fraction` of the examples, drawn once from the seed, in a fresh random order every round.

    Source: folklore; the baseline of every paper on data selection, and hard to beat (Guo, Zhao and Bai, DeepCore,
    DEXA 2022).

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        fraction: of the examples to keep, above 0 and at most 1; at least one is kept.
        stratified: keep round(fraction * n_c) of each class c, at least 1, in place of round(fraction * n) of all.
        targets: (n,) whole numbers, the class of each example; needed, and held, when stratified. The subset is then
            held too, 8 bytes per example kept; otherwise nothing is.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        fraction: float,
        stratified: bool = False,
        targets: Tensor | None = None,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.fraction = share("fraction", fraction)
        self.stratified = flag("stratified", stratified)
        self.targets = labels(targets, self.n) if stratified else None
        drawn = derive(self.seed, "static")
        if self.targets is not None:
            self._subset: Permutation | Tensor = Strata(self.targets, self.fraction).draw(drawn)
            self._size = len(self._subset)
        else:
            self._subset = Permutation(self.n, drawn)
            self._size = max(1, round(self.fraction * self.n))

    def order(self, epoch: int) -> Order:
        """The subset in the order of round `epoch`. O(1) memory beyond the subset's own."""
        return Picked(self._subset, Permutation(self._size, derive(self.seed, "static order", epoch)))


register(
    Method(
        name="static",
        seam="sampling",
        make=StaticSubset,
        title="Static random subset",
        paper="folklore",
        year=None,
        changes="Training sees one random part of the data and nothing else.",
        costs="Some 20 microseconds per batch of 128; no memory, or 8 bytes per example kept when stratified.",
        helps="As the control that any selected subset of the same size has to beat.",
        hurts="Accuracy: what was left out is never seen, and more epochs overfit what was kept.",
        example=MappingProxyType({"fraction": 0.3}),
    )
)
