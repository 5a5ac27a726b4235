"""How far the gradients of single examples lie apart, estimated from those of micro-batches."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Estimate:
    """Of the gradient and its variance from one example to the next.

    Attributes:
        parts: micro-batches it was made from, on all ranks.
        examples: in them.
        gradient: (d,) the mean over all examples.
        variance: unbiased; of each coordinate (d,), or their sum, ().
    """

    parts: int
    examples: int
    gradient: Tensor
    variance: Tensor


class Spread:
    """Gathers gradients G_i of micro-batches of m_i examples, N in M of them, and estimates Var_hat.

    G_i is the mean of m_i independent gradients with variance s^2, so with G the mean over all examples

        Var_hat = 1/(M-1) * sum_i m_i |G_i - G|^2

    has the expectation (M s^2 - N s^2/N) / (M-1) = s^2, whatever the m_i are. Micro-batches of one example give the
    sample variance; M equal ones of m give m times that of their means, so Var_hat / N is the variance of the means
    over M. Sums are kept in one pass (Welford), in float32. Holds one vector of d numbers, two for single coordinates.

    Args:
        coordinates: keep each coordinate's variance, not their sum alone.
    """

    def __init__(self, coordinates: bool) -> None:
        self._coordinates = coordinates
        self.parts = 0
        self.examples = 0
        self._mean: Tensor | None = None
        self._squares: Tensor | None = None  # sum_i m_i |G_i - G|^2

    def add(self, gradient: Tensor, examples: int) -> None:
        """Count a micro-batch. One of no example counts for nothing, yet lets its rank take part in `estimate`."""
        if self._mean is None or self._squares is None:
            self._mean = torch.zeros_like(gradient, dtype=torch.float32)
            self._squares = torch.zeros_like(self._mean) if self._coordinates else self._mean.new_zeros(())
        if gradient.shape != self._mean.shape:
            raise ValueError(
                f"the micro-batches of a step have gradients of {self._mean.numel()} and {gradient.numel()} numbers"
            )
        if examples:
            before, self.examples = self.examples, self.examples + examples
            self.parts += 1
            away = gradient.float() - self._mean
            self._mean += away * (examples / self.examples)
            self._squares += self._squared(away) * (examples * before / self.examples)

    def estimate(self) -> Estimate | None:
        """Over all ranks of the process group, if there is one; then all must call it. None from fewer than 2 parts."""
        if self._mean is None or self._squares is None:
            raise RuntimeError(
                "no gradient was observed in a step that was to be tested: where `parts` is not 0, pass the gradient "
                "of each micro-batch to observe() before step(), on every rank"
            )
        mean, squares, parts, examples = self._mean, self._squares, self.parts, self.examples
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            counts = torch.tensor([parts, examples], device=mean.device)
            torch.distributed.all_reduce(counts)
            parts, together = (int(count) for count in counts)
            mean = mean * (examples / max(together, 1))
            torch.distributed.all_reduce(mean)
            # Within the ranks, and between their means.
            squares = squares + self._squared(self._mean - mean) * examples
            torch.distributed.all_reduce(squares)
            examples = together
        return Estimate(parts, examples, mean, squares / (parts - 1)) if parts > 1 else None

    def _squared(self, away: Tensor) -> Tensor:
        return away.square() if self._coordinates else away.square().sum()
