"""Balancing: signs that keep a sum of vectors small, and the order of examples that follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor


def balance(vectors: Tensor, total: Tensor) -> list[bool]:
    """Add each of `vectors` (K, d), in turn, to `total` (d,) or subtract it, whichever leaves `total` the shorter.

    v is added where |total + v| <= |total - v|, that is where <total, v> <= 0; `total` is changed in place.

    Returns: for each vector, whether it was added. Source: Algorithm 5 of Lu, Guo and De Sa, GraB, 2022.
    """
    # All inner products at once: total + s_1 v_1 + ... + s_j v_j has with v_k the product <total, v_k> plus
    # s_1 <v_1, v_k> + ... + s_j <v_j, v_k>. One matrix product, and one wait for the device.
    table = torch.cat([(vectors @ total)[None], vectors @ vectors.T]).cpu().numpy()
    product, between = table[0], table[1:]
    signs = np.empty(len(vectors), dtype=product.dtype)
    for position in range(len(signs)):
        signs[position] = 1 if product[position] <= 0 else -1
        product += signs[position] * between[position]
    total += torch.from_numpy(signs).to(total.device) @ vectors
    return [bool(sign > 0) for sign in signs]


class Places:
    """An order of n examples that is filled from both ends."""

    def __init__(self, n: int) -> None:
        self.order = torch.zeros(n, dtype=torch.int64)
        self.front = 0  # the first free place
        self.back = n  # and the one after the last

    def fill(self, groups: Sequence[Tensor], at_front: Sequence[bool]) -> None:
        """Put each group of examples, in turn, into the free places next to the front or to the back."""
        for group, front in zip(groups, at_front, strict=True):
            if front:
                self.order[self.front : self.front + len(group)] = group
                self.front += len(group)
            else:
                self.order[self.back - len(group) : self.back] = group
                self.back -= len(group)

    def append(self, groups: Sequence[Tensor]) -> None:
        """Put the groups at the very end, in turn; what is at the back already moves towards the front for them."""
        for group in groups:
            room = len(group)
            self.order[self.back - room : len(self.order) - room] = self.order[self.back :].clone()
            self.order[len(self.order) - room :] = group
            self.back -= room

    def complete(self, before: Tensor) -> Tensor:
        """The order (n,); examples that were not placed come in the middle, as they stood in the order `before`."""
        placed = torch.zeros(len(self.order), dtype=torch.bool)
        placed[self.order[: self.front]] = True
        placed[self.order[self.back :]] = True
        return torch.cat([self.order[: self.front], before[~placed[before]], self.order[self.back :]])


class Balancer:
    """The balancing of one round after another: takes gradients, gives the next round's order. See `GraB`.

    Args:
        n: number of examples.
        pairs: balance the differences of pairs, in place of gradients less the last round's mean.
        in_place: what is left for the next mean is the centred gradient, as in the published code.
    """

    def __init__(self, n: int, *, pairs: bool, in_place: bool) -> None:
        self._n = n
        self._pairs = pairs
        self._in_place = in_place
        self._mean: Tensor | None = None  # (d,) m, of the last round; None: 0
        self._begin()

    def _begin(self) -> None:
        self._places = Places(self._n)
        self._sum: Tensor | None = None  # (d,) s
        self._gradients: Tensor | None = None  # (d,) the sum of what will be the next m
        self._observed = 0  # examples
        self._first: tuple[Tensor, Tensor] | None = None  # the first of a pair: its examples and (d,) gradient

    def start_again(self) -> None:
        """Forget what was observed of this round."""
        self._begin()

    def next_round(self) -> None:
        """Turn to another round: what was observed of this one becomes the mean."""
        if self._gradients is not None:
            self._mean = self._gradients / self._observed
        self._begin()

    def next_order(self, before: Tensor) -> Tensor:
        """(n,) the next round's order, as far as this one was observed; `before` is the order of this one."""
        return self._places.complete(before)

    def observe(self, groups: list[Tensor], rows: Tensor, *, last: bool = False) -> None:
        """Balance `rows` (K, d), the mean gradients of the K `groups` of examples, which follow each other.

        With `last` they go to the end of the next order, whatever their signs.
        """
        rows = rows.to(torch.promote_types(rows.dtype, torch.float32))
        if self._sum is not None and self._sum.shape != rows[0].shape:
            raise ValueError(f"gradient has d = {rows.shape[1]}; those before it had {len(self._sum)}")
        self._sum = torch.zeros_like(rows[0]) if self._sum is None else self._sum.to(rows)
        self._observed += sum(len(group) for group in groups)
        if last:
            self._places.append(groups)
        if not self._pairs:
            self._balance_centred(groups, rows, self._sum, placed=last)
        elif not last:
            self._balance_pairs(groups, rows, self._sum)

    def _balance_centred(self, groups: list[Tensor], rows: Tensor, total: Tensor, *, placed: bool) -> None:
        centred = rows if self._mean is None else rows - self._mean.to(rows)
        signs = balance(centred, total)
        if not placed:
            self._places.fill(groups, signs)
        left = (centred if self._in_place else rows).sum(0) * len(groups[0])  # groups are of one size
        self._gradients = left if self._gradients is None else self._gradients.to(left) + left

    def _balance_pairs(self, groups: list[Tensor], rows: Tensor, total: Tensor) -> None:
        if self._first is not None:
            groups = [self._first[0], *groups]
            rows = torch.cat([self._first[1][None].to(rows), rows])
        paired = len(groups) // 2 * 2
        # The last of an odd number has no partner in the round; the one place that is left is its.
        self._first = (groups[-1], rows[-1].clone()) if paired < len(groups) else None
        added = balance(rows[0:paired:2] - rows[1:paired:2], total)
        self._places.fill(groups[:paired], [place for first in added for place in (first, not first)])

    def state_dict(self) -> dict[str, Any]:
        """Copies of all that `observe` has left: numbers, (n,) and (d,) tensors, or None for what there is not."""
        tensors = {
            "places": self._places.order,
            "sum": self._sum,
            "gradients": self._gradients,
            "mean": self._mean,
            "first_index": self._first and self._first[0],
            "first_gradient": self._first and self._first[1],
        }
        copies = {name: None if tensor is None else tensor.clone() for name, tensor in tensors.items()}
        return {"front": self._places.front, "back": self._places.back, "observed": self._observed, **copies}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there; tensors are copied."""
        kept: dict[str, Any] = {
            name: value.clone() if isinstance(value, Tensor) else value for name, value in state.items()
        }
        self._places.order, self._places.front, self._places.back = kept["places"], kept["front"], kept["back"]
        self._sum, self._gradients, self._mean = kept["sum"], kept["gradients"], kept["mean"]
        self._observed = kept["observed"]
        self._first = None if kept["first_index"] is None else (kept["first_index"], kept["first_gradient"])
