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

# Why a run has one method of a seam, or one beside those whose record says `many`.
ONE = {
    "sampling": "each would decide by itself which examples come next",
    "selection": "each would decide by itself which examples are kept",
    "losses": "a step minimises one loss",
    "optim": "a parameter is moved by one optimizer; wrappers go around it",
    "batching": "each would set the size of a step and the learning rate that goes with it",
    "sparsity": "each would decide by itself which weights are alive",
}

# Pairs of seams that act on the same thing, and which of them acts first on it.
FIXED = {
    ("structure", "batching"): "channels that go at the start are gone before norm layers are replaced",
    (
        "structure",
        "optim",
    ): "the optimizer is made for the model that is left, and carried along in later cuts",
    ("structure", "sparsity"): "channels go before the masks are made",
    ("sampling", "batching"): "the sampler's batches are drawn first and then joined",
    ("sampling", "augmentation"): "examples are drawn first and then changed",
    ("augmentation", "losses"): "the loss is that of the changed examples",
    ("batching", "sparsity"): "the gradients are seen before the step, those of live weights alone",
    ("batching", "optim"): "the gradients are seen before a wrapper changes them",
    ("sparsity", "optim"): "gradients are masked before the optimizer's step, weights after it",
}


@dataclass(frozen=True)
class Relation:
    """What two methods are to each other in one run: "combines", "order fixed" or "refused", and why."""

    kind: Literal["combines", "order fixed", "refused"]
    reason: str


def relation(one: Method, other: Method) -> Relation:
    """How the two go together; the same whichever is named first."""
    first, second = sorted((one, other), key=lambda method: (method.seam, method.stage, method.name))
    if first == second:
        if first.seam == "augmentation":
            return Relation("combines", "each changes what the other left")
        return Relation("refused", f"{first.name} is there twice")
    for method, beside in ((first, second), (second, first)):
        for pattern, reason in method.refuses.items():
            if fnmatchcase(f"{beside.seam}/{beside.name}", pattern):
                return Relation("refused", reason)
    if first.seam == second.seam:
        if not first.many and not second.many:
            return Relation("refused", ONE[first.seam])
        if first.seam == "optim":
            inner, outer = (first, second) if second.many else (second, first)
            return Relation("order fixed", f"{outer.name} goes around {inner.name}")
        if first.many and second.many and first.stage != second.stage:
            return Relation("order fixed", f"{first.name} acts before {second.name}")
        return Relation("combines", "they act on different things")
    for (earlier, later), reason in FIXED.items():
        if {earlier, later} == {first.seam, second.seam}:
            return Relation("order fixed", reason)
    return Relation("combines", "they act on different things")


def refusals(chosen: Iterable[Method]) -> list[tuple[Method, Method, str]]:
    """The pairs among `chosen` that cannot be combined, each with the reason; empty where all go together."""
    found = []
    for one, other in combinations(chosen, 2):
        how = relation(one, other)
        if how.kind == "refused":
            found.append((one, other, how.reason))
    return found
