"""Methods together: which combine, which are refused and why, and the one order in which they act.

The order is a rule of the library, not of a recipe's file:

1. At the start: the model is built; `structure` removes channels; `batching` replaces norm layers; the optimizer is
   made, wrappers around it by their stage; `sparsity` makes its masks.
2. Each step: `sampling` hands out batches, `batching` says how many are joined; `augmentation` by stage; the forward
   pass; `losses`; the backward pass; `batching` sees the gradients, of live weights alone; `sparsity` masks them; the
   wrappers, the outermost first, and the optimizer step; `sparsity` masks the weights and moves its masks;
   `structure` removes channels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Literal

from sooner.registry import Method
from sooner.seams import seam


@dataclass(frozen=True)
class Relation:
    """What two methods are to each other in one run: "combines", "order fixed" or "refused", and why."""

    kind: Literal["combines", "order fixed", "refused"]
    reason: str


def relation(one: Method, other: Method) -> Relation:
    """How the two go together; the same whichever is named first."""
    first, second = sorted((one, other), key=lambda method: (method.seam, method.stage, method.name))
    if first == second:
        if seam(first.seam).repeats:
            return Relation("combines", seam(first.seam).repeats)
        return Relation("refused", f"{first.name} is there twice")
    for method, beside in ((first, second), (second, first)):
        for pattern, reason in method.refuses.items():
            if fnmatchcase(f"{beside.seam}/{beside.name}", pattern):
                return Relation("refused", reason)
    if first.seam == second.seam:
        return _within(first, second)
    for earlier, later in ((first, second), (second, first)):
        if earlier.seam in seam(later.seam).after:
            return Relation("order fixed", seam(later.seam).after[earlier.seam])
    return Relation("combines", "they act on different things")


def _within(first: Method, second: Method) -> Relation:
    """Two methods of one seam, the lower stage first."""
    here = seam(first.seam)
    if not first.many and not second.many:
        return Relation("refused", here.alone)
    if here.nested:
        inner, outer = (first, second) if second.many else (second, first)
        return Relation("order fixed", f"{outer.name} goes around {inner.name}")
    if first.many and second.many and first.stage != second.stage:
        return Relation("order fixed", f"{first.name} acts before {second.name}")
    return Relation("combines", "they act on different things")


def refusals(chosen: Iterable[Method]) -> list[tuple[Method, Method, str]]:
    """The pairs among `chosen` that cannot be combined, each with the reason; empty where all go together."""
    found = []
    for one, other in combinations(chosen, 2):
        how = relation(one, other)
        if how.kind == "refused":
            found.append((one, other, how.reason))
    return found
