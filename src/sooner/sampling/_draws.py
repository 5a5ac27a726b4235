"""Independent draws with replacement, each computed from its position alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner.random import derive
from sooner.sampling._splitmix import splitmix

_SMALLEST = np.finfo(np.float64).smallest_normal


def cumulated(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) the running sum of `weights`, at least 0 and not all 0, for `by_weight`: of any size, of any sum.

    They are scaled by a power of two first, which changes no draw and keeps the sum in range.
    """
    _, exponent = np.frexp(weights.max())
    return np.cumsum(np.ldexp(weights, -exponent))


def uniforms(seed: int, start: int, stop: int) -> NDArray[np.float64]:
    """Numbers `start` to `stop`, exclusive, of the seed's stream of independent uniform ones in [0, 1): 53 bits each.

    Any part of the stream costs the same, some 10 nanoseconds a number, and is the same on every machine.
    """
    words = splitmix(derive(seed, "uniforms"), start, stop)
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def exponentials(seed: int, count: int) -> NDArray[np.float64]:
    """(count,) independent draws of the exponential distribution with mean 1, at least 0 and finite."""
    drawn: NDArray[np.float64] = -np.log1p(-uniforms(seed, 0, count))
    return drawn


def by_weight(cumulative: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """(B,) i with probability (cumulative[i] - cumulative[i-1]) / cumulative[-1], from (B,) numbers of `uniforms`.

    `cumulative` is the running sum of the weights, (n,).
    """
    drawn: NDArray[np.int64] = np.searchsorted(cumulative, uniform * cumulative[-1], side="right").astype(np.int64)
    return drawn


class Independent(ABC):
    """An order of `count` draws, each a function of its position."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, cut: slice, /) -> Tensor:
        start, stop, _ = cut.indices(self.count)
        return self.drawn(start, max(start, stop))

    @abstractmethod
    def drawn(self, start: int, stop: int) -> Tensor:
        """Draws `start` to `stop`, exclusive: int64."""


@dataclass(frozen=True)
class Draws(Independent):
    """`count` independent uniform draws from 0..n-1, n up to 2**53. O(1) memory."""

    n: int
    count: int
    seed: int

    def drawn(self, start: int, stop: int) -> Tensor:
        """As in `Independent`."""
        return torch.from_numpy((uniforms(self.seed, start, stop) * self.n).astype(np.int64))


@dataclass(frozen=True)
class WeightedDraws(Independent):
    """`count` independent draws, i with probability (cumulative[i] - cumulative[i-1]) / cumulative[-1]."""

    cumulative: NDArray[np.float64]  # (n,) running sum of the weights
    count: int
    seed: int

    def drawn(self, start: int, stop: int) -> Tensor:
        """As in `Independent`."""
        return torch.from_numpy(by_weight(self.cumulative, uniforms(self.seed, start, stop)))


def without_replacement(weights: NDArray[np.float64], count: int, seed: int) -> Tensor:
    """`count` distinct examples drawn one after another, each with probability in proportion to its weight among
    those left; (count,) int64 in the order drawn. O(n) time and memory.

    Each gets the key E / w, with E exponential; the smallest keys win (Efraimidis and Spirakis, Weighted random
    sampling with a reservoir, 2006, in logarithms). Weights of zero are never drawn; `count` others are needed.
    Weights may differ by any factor, down to the smallest numbers there are.
    """
    drawn = exponentials(seed, len(weights))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        keys = drawn / weights
        some = keys[weights > 0]
        if not (np.isfinite(some).all() and (some >= _SMALLEST).all()):  # as quotients they are out of range
            keys = np.log(drawn) - np.log(weights)
    keys[weights == 0] = np.inf
    winners = np.argpartition(keys, count - 1)[:count]
    return torch.from_numpy(winners[np.argsort(keys[winners])])
