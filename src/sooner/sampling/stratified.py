"""Stratified batches: every batch holds every class in its share, as nearly as whole numbers allow."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner._arguments import labels, one_of
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling._draws import uniforms
from sooner.sampling.permutation import Permutation

Counts = NDArray[np.int64]


class Stratified(Sampler):
    """Batches in which no class is over- or under-represented by chance.

    - "proportional": of a class with n_c of the n examples, every batch of B has B n_c / n, rounded down or up, and a
      round goes through all n examples once. Such a rounding always exists, the last, shorter batch included.
    - "equal": every batch of B has B / C of each of the C classes, rounded down or up, and a round has as many
      examples of every class as the largest one has. It is gone through once; smaller classes start again in a fresh
      order, as often as it takes.

    Which batches round which class up, and the order of the examples, are drawn afresh for every round. Batches are
    those of all ranks together: a rank's part of one is a random part of it.

    Source: folklore; proportional allocation is Neyman, On the Two Different Aspects of the Representative Method,
    1934; the rounding of such a table by wrapping around is McNaughton, Scheduling with Deadlines and Loss Functions,
    1959.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        counts: "proportional" or "equal".
        targets: (n,) whole numbers, the class of each example.

    Holds 8 bytes per example, and a round's order as many; making one costs some 0.2 microseconds per example.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        counts: Literal["proportional", "equal"] = "proportional",
        targets: Tensor | None = None,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.counts = one_of("counts", counts, ("proportional", "equal"))
        self.targets = labels(targets, self.n)
        by_class = torch.argsort(self.targets, stable=True).cpu()
        sizes = torch.unique(self.targets.cpu(), return_counts=True)[1]
        self._members = torch.split_with_sizes(by_class, sizes.tolist())
        self._seats: Counts = sizes.numpy()  # of each class in a round
        if counts == "equal":
            self._seats = np.full_like(self._seats, self._seats.max())

    def order(self, epoch: int) -> Order:
        """The examples of round `epoch`, batch after batch: (n,) int64, or (C * largest class,) for equal counts."""
        seed = derive(self.seed, "stratified", epoch)
        table = self._table(seed)
        drawn, batch = [], []
        for number, (members, column) in enumerate(zip(self._members, table.T, strict=True)):
            drawn.append(members[_passes(len(members), int(column.sum()), derive(seed, "class", number))])
            batch.append(np.repeat(np.arange(len(table)), column))
        # A number below 1 added to each example's batch mixes the classes within it, and nothing across batches.
        place = np.concatenate(batch) + uniforms(derive(seed, "mixed"), 0, int(table.sum()))
        return torch.cat(drawn)[torch.from_numpy(np.argsort(place))]

    def _table(self, seed: int) -> Counts:
        """(batches, classes): how many examples of each class each batch of the round has."""
        size, total = self.batch_size, int(self._seats.sum())
        full, rest = divmod(total, size)
        last = _apportioned(self._seats * rest / total, rest, seed)
        table = _rounded(self._seats * size / total, self._seats - last, full, seed)
        return np.vstack([table, last]) if rest else table


def _apportioned(shares: NDArray[np.float64], total: int, seed: int) -> Counts:
    """Whole numbers of the sum `total`, each of `shares` (C,), which have that sum, rounded down or up.

    Those with the largest remainders are rounded up; ties are broken by the seed.
    """
    down = _floor(shares)
    remainder = shares - down
    by_remainder = np.lexsort((uniforms(derive(seed, "ties"), 0, len(shares)), -remainder.round(9)))
    down[by_remainder[: total - int(down.sum())]] += 1
    return down


def _rounded(shares: NDArray[np.float64], totals: Counts, batches: int, seed: int) -> Counts:
    """(batches, C): every row is `shares` (C,) rounded down or up, of the same sum; the columns sum to `totals` (C,).

    Every batch has the shares rounded down. The examples left over are dealt out class after class, one to a batch,
    round and round: no class has more of them than there are batches, so no batch gets two of one class.
    """
    table = np.tile(_floor(shares), (batches, 1))
    left = totals - table.sum(0)
    order = Permutation(len(totals), derive(seed, "dealt"))[:].numpy()
    dealt = np.repeat(order, left[order])
    table[np.arange(len(dealt)) % max(batches, 1), dealt] += 1
    return table[Permutation(batches, derive(seed, "batches"))[:].numpy()] if batches else table


def _floor(shares: NDArray[np.float64]) -> Counts:
    """Rounded down; what is a whole number but for the error of floating point is taken for it."""
    return np.floor(shares + 1e-9).astype(np.int64)


def _passes(size: int, count: int, seed: int) -> Tensor:
    """`count` positions among `size`: one random order after another, the last one cut off."""
    passes = [Permutation(size, derive(seed, number))[:] for number in range(-(-count // size))]
    return torch.cat(passes)[:count] if passes else torch.empty(0, dtype=torch.int64)


register(
    Method(
        name="stratified",
        seam="sampling",
        make=Stratified,
        title="Stratified batches",
        paper="folklore",
        year=None,
        changes="Every batch has every class in its share, or equally often, in place of as chance has it.",
        costs="Some 0.2 microseconds per example at the start of each round, and 16 bytes per example.",
        helps="With small batches, many or rare classes, or batch statistics that a lopsided batch would spoil.",
        hurts="Little to gain with large batches of few even classes; equal counts repeat the rare examples.",
    )
)
