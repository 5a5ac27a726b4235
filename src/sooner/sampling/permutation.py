"""`Permutation`: a random order of any number of examples that takes no memory and no time to build."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import index as whole
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner.random import derive
from sooner.sampling._feistel import Feistel, Words
from sooner.sampling._splitmix import splitmix

LARGEST = 2**62
_TABLE = 2**12  # up to here all n values are held: a network of few digits would be the less random
_CHUNK = 2**14  # words at a time: few enough to stay in the processor's cache


@dataclass(frozen=True)
class Permutation:
    """A random permutation of 0..n-1 that is computed where it is asked for, in O(1) memory.

    `p[i]` is the value at position i, an int; `p[a:b]`, `p[a:b:step]` are int64 tensors; `p(positions)` takes a tensor
    of positions of any shape; `p.inverse` goes from values back to positions. The same (n, seed) gives the same order
    on every machine and with every version of torch and numpy.

    A slice costs some 40 nanoseconds per index and 70 microseconds at least, so ask for whole batches. Up to n = 4096
    the values are sorted by random keys and kept, at most 64 KiB; beyond, a Feistel network computes them. Either way
    fixed points, cycles, displacements, inversions, serial and chunk statistics are those of a uniformly random order.
    As with any generator, a 63-bit seed reaches 2**63 of the n! orders at most; and it is not for secrets.

    Beyond n = 4096 the parity of the order is not always random: where c = ceil(sqrt(n)) and r = ceil(n / c) are both
    odd, practically all seeds give orders of one parity, that of r c - n (at n = 60,000: 25, so odd). To a shuffle of
    training data it makes no difference.

    Args:
        n: number of values, 1 to 2**62.
        seed: any integer.

    Raises:
        ValueError: n is out of range.
        IndexError: a position or value outside 0..n-1 was asked for.
        TypeError: a position or value that is not a whole number.
    """

    n: int
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", whole(self.n))
        object.__setattr__(self, "seed", whole(self.seed))
        if not 1 <= self.n <= LARGEST:
            raise ValueError(f"n, the number of values to permute, must be from 1 to 2**62, not {self.n}")

    def __len__(self) -> int:
        return self.n

    @overload
    def __getitem__(self, position: int, /) -> int: ...
    @overload
    def __getitem__(self, position: slice, /) -> Tensor: ...
    def __getitem__(self, position: int | slice, /) -> int | Tensor:
        if isinstance(position, slice):
            start, stop, step = position.indices(self.n)
            return torch.from_numpy(_by_chunk(self._forward, np.arange(start, stop, step, dtype=np.int64)))
        at = whole(position)
        if not -self.n <= at < self.n:
            raise IndexError(f"position {at} is outside a permutation of {self.n} values")
        return self._one(self._forward, at % self.n)

    def __iter__(self) -> Iterator[int]:
        for start in range(0, self.n, _CHUNK):
            yield from self[start : start + _CHUNK].tolist()

    def __call__(self, positions: Tensor) -> Tensor:
        """The values at `positions`, int64 of any shape, each in [0, n); the same shape and device."""
        return self._each(self._forward, positions, "position")

    @overload
    def inverse(self, value: int) -> int: ...
    @overload
    def inverse(self, value: Tensor) -> Tensor: ...
    def inverse(self, value: int | Tensor) -> int | Tensor:
        """The position of a value, so that `p[p.inverse(v)] == v`: an int, or int64 of any shape."""
        if isinstance(value, Tensor):
            return self._each(self._inverse, value, "value")
        number = whole(value)
        if not 0 <= number < self.n:
            raise IndexError(f"value {number} is not in a permutation of 0 to {self.n - 1}")
        return self._one(self._inverse, number)

    def __reduce__(self) -> tuple[type[Permutation], tuple[int, int]]:
        return Permutation, (self.n, self.seed)

    def _one(self, function: Callable[[Words], Words], number: int) -> int:
        return int(function(np.array([number], dtype=np.uint64))[0])

    def _each(self, function: Callable[[Words], Words], numbers: Tensor, what: str) -> Tensor:
        if numbers.dtype != torch.int64:
            raise TypeError(f"{what}s must be an int64 tensor, not {numbers.dtype}")
        if numbers.numel() and not 0 <= int(numbers.min()) <= int(numbers.max()) < self.n:
            raise IndexError(
                f"{what}s must be from 0 to {self.n - 1}, not {int(numbers.min())} to {int(numbers.max())}"
            )
        flat = numbers.cpu().reshape(-1).numpy()
        return torch.from_numpy(_by_chunk(function, flat)).reshape(numbers.shape).to(numbers.device)

    @cached_property
    def _network(self) -> Feistel:
        return Feistel(self.n, self.seed)

    @cached_property
    def _table(self) -> tuple[Words, Words]:
        """All values by position, and all positions by value, for a small n."""
        values = np.argsort(splitmix(derive(self.seed, "table", self.n), 0, self.n))
        return values.astype(np.uint64), np.argsort(values).astype(np.uint64)

    def _forward(self, positions: Words) -> Words:
        return self._table[0][positions] if self.n <= _TABLE else self._network.forward(positions)

    def _inverse(self, values: Words) -> Words:
        return self._table[1][values] if self.n <= _TABLE else self._network.inverse(values)


def _by_chunk(function: Callable[[Words], Words], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """`function` of each of `numbers`, (B,) int64 not negative, as int64."""
    words = numbers.view(np.uint64)
    result = np.empty_like(words)
    for start in range(0, len(words), _CHUNK):
        result[start : start + _CHUNK] = function(words[start : start + _CHUNK])
    return result.view(np.int64)
