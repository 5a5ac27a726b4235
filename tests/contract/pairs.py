"""Which pairs of methods are trained together, and how. `python -m tests.contract.pairs` trains all of them.

A pair is what its two methods' kinds make of it, so that a few of each pair of kinds are trained, and a sample of all.
The number of kinds grows with the seams, not with the methods.
"""

from __future__ import annotations

import sys
from functools import cache
from itertools import combinations
from typing import Any
from zlib import crc32

import torch

from sooner.combining import relation
from sooner.racing.recipes.assemble import Site, assemble
from sooner.recipes import Recipe
from sooner.registry import Method, methods
from sooner.seams import seam
from sooner.tasks.examples import InMemory
from sooner.training.clock import Clock
from tests.contract.plain import CLASSES, IMAGES, TARGETS

SEED = 0  # of the sample
SAMPLED = 40
Pair = tuple[Method, Method]

N = 48
SITE = Site(InMemory((IMAGES[:N] * 255).to(torch.uint8), TARGETS[:N]), CLASSES, torch.device("cpu"))
BASE = {
    "name": "pair",
    "model": "tests.contract.plain:small",
    "budget": "48ex",
    "batch_size": 16,
    "optimizer": {"name": "sgd", "lr": 0.1},
    "schedule": "constant",
    "precision": "float32",
}


def kind(method: Method) -> tuple[str, bool, bool]:
    """What decides how a method meets others, in so far as its record tells."""
    return method.seam, method.many, method.scored


def called(pair: Pair) -> str:
    one, other = pair
    return f"{one.seam}/{one.name} + {other.seam}/{other.name}"


def all_pairs() -> list[Pair]:
    return list(combinations(methods(), 2))


@cache
def trainable() -> list[Pair]:
    return [pair for pair in all_pairs() if relation(*pair).kind != "refused"]


def _drawn(pairs: list[Pair], seed: int = SEED) -> list[Pair]:
    """The pairs in an order by lot, in which a further method changes nothing but its own places."""
    return sorted(pairs, key=lambda pair: crc32(f"{seed} {called(pair)}".encode()))


def representatives() -> list[Pair]:
    """One pair of each two kinds that go together."""
    found: dict[tuple[Any, ...], Pair] = {}
    for pair in _drawn(trainable()):
        found.setdefault(tuple(sorted(map(kind, pair))), pair)
    return [found[kinds] for kinds in sorted(found)]


def sample() -> list[Pair]:
    """A few of all pairs, those of `representatives` left out."""
    chosen = {called(pair) for pair in representatives()}
    return [pair for pair in _drawn(trainable()) if called(pair) not in chosen][:SAMPLED]


def shares_a_field(one: Method, other: Method) -> bool:
    return seam(one.seam).field_of(one.many) is seam(other.seam).field_of(other.many)


def recipe(one: Method, other: Method) -> dict[str, Any]:
    """The fields of a recipe with both, written in this order."""
    fields: dict[str, Any] = dict(BASE)
    for method in (one, other):
        choice = {"name": method.name, **method.example}
        field = seam(method.seam).field_of(method.many)
        if field.listed:
            fields[field.name] = [*fields.get(field.name, []), choice]
        elif method.seam == "optim" or field.name not in fields:
            fields[field.name] = choice
        else:
            fields[field.name] = [fields[field.name], choice]
    return fields


def weights_after(fields: dict[str, Any]) -> torch.Tensor:
    """The weights after three steps, once they are known to have moved and to be finite."""
    loop = assemble(Recipe(**fields), SITE, 0, evaluate=lambda module: 0.0, every=10**6, clock=Clock())
    start = torch.cat([parameter.detach().flatten().clone() for parameter in loop.model.parameters()])
    loop.run()
    end = torch.cat([parameter.detach().flatten() for parameter in loop.model.parameters()])
    assert loop.failure is None
    assert end.isfinite().all()
    assert start.shape != end.shape or not torch.equal(start, end)
    return end


def train(one: Method, other: Method) -> None:
    """Train both together; where a field of the recipe lists both, in either order, which must make no difference."""
    end = weights_after(recipe(one, other))
    if shares_a_field(one, other):
        assert torch.equal(end, weights_after(recipe(other, one)))


def main() -> int:
    """Train every pair that is not refused. Gives the number of those that failed."""
    pairs, failed = trainable(), 0
    for pair in pairs:
        try:
            train(*pair)
        except Exception as error:  # all of them are told, not the first alone
            failed += 1
            print(f"{called(pair)}: {type(error).__name__}: {error}")
    print(f"{len(pairs):,} pairs trained, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
