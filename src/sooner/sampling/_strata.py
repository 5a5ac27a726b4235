"""Random subsets that keep the share of every class."""

from __future__ import annotations

import torch
from torch import Tensor

from sooner.random import derive
from sooner.sampling.permutation import Permutation


class Strata:
    """The examples by class. Holds their n indices, int64.

    Args:
        targets: (n,) the class of each example, any whole numbers.
        fraction: of each class to draw, in (0, 1].
    """

    def __init__(self, targets: Tensor, fraction: float) -> None:
        _, counts = torch.unique(targets, return_counts=True)
        self._members = torch.split_with_sizes(torch.argsort(targets, stable=True).cpu(), counts.tolist())
        self._sizes = [max(1, round(fraction * len(members))) for members in self._members]

    def __len__(self) -> int:
        """The number of examples in a draw."""
        return sum(self._sizes)

    def draw(self, seed: int) -> Tensor:
        """round(fraction * n_c) distinct examples of every class c, at least 1, in mixed order: (k,) int64.

        O(k) time, and some 0.1 ms per class.
        """
        chosen = [
            members[Permutation(len(members), derive(seed, "class", number))[:size]]
            for number, (members, size) in enumerate(zip(self._members, self._sizes, strict=True))
        ]
        return torch.cat(chosen)[Permutation(len(self), derive(seed, "mixed"))[:]]
