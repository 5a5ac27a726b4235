"""Orders made of other orders, computed where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from sooner.sampling.permutation import Permutation


class Order(Protocol):
    """The order of one round: a length, and int64 indices by slice `[start:stop]`. Nothing need be held in memory."""

    def __len__(self) -> int: ...
    def __getitem__(self, cut: slice, /) -> Tensor: ...


@dataclass(frozen=True)
class Part:
    """The positions `start` to `stop`, exclusive, of another order."""

    whole: Order
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, cut: slice, /) -> Tensor:
        start, stop, _ = cut.indices(len(self))
        return self.whole[self.start + start : self.start + max(start, stop)]


@dataclass(frozen=True)
class Picked:
    """Examples in the order that `positions`, positions among them, gives."""

    examples: Permutation | Tensor
    positions: Order

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, cut: slice, /) -> Tensor:
        at = self.positions[cut]
        return self.examples[at] if isinstance(self.examples, Tensor) else self.examples(at)


class ReadAhead:
    """An order read forwards in blocks: one call for many small batches, which makes them some ten times cheaper."""

    _BLOCK = 2**13

    def __init__(self, order: Order) -> None:
        self._order = order
        self._start = 0
        self._block = order[:0]

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, cut: slice, /) -> Tensor:
        start, stop, _ = cut.indices(len(self))
        if not self._start <= start <= stop <= self._start + len(self._block):
            self._start = start
            self._block = self._order[start : max(stop, start + self._BLOCK)]
        return self._block[start - self._start : stop - self._start]
