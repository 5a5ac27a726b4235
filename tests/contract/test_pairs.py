"""All pairs of registered methods: each combines, has a fixed order, or is refused, and none fails silently."""

from itertools import combinations

import pytest
import torch

from sooner.combining import relation
from sooner.errors import RecipeError
from sooner.racing.recipes.assemble import Site, assemble
from sooner.recipes import Recipe
from sooner.registry import methods
from sooner.seams import seam
from sooner.tasks.examples import InMemory
from sooner.training.clock import Clock
from tests.contract.plain import CLASSES, IMAGES, TARGETS

METHODS = methods()
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


def choice(method):
    return {"name": method.name, **method.example}


def recipe(one, other):
    """A recipe with both, written in this order."""
    fields = dict(BASE)
    for method in (one, other):
        chosen_by = seam(method.seam).field_of(method.many)
        field, listed = chosen_by.name, chosen_by.listed
        if listed:
            fields[field] = [*fields.get(field, []), choice(method)]
        elif method.seam == "optim" or field not in fields:
            fields[field] = choice(method)
        else:
            fields[field] = [fields[field], choice(method)]
    return fields


def weights_after(fields):
    loop = assemble(Recipe(**fields), SITE, 0, evaluate=lambda module: 0.0, every=10**6, clock=Clock())
    start = torch.cat([parameter.detach().flatten().clone() for parameter in loop.model.parameters()])
    loop.run()
    end = torch.cat([parameter.detach().flatten() for parameter in loop.model.parameters()])
    assert loop.failure is None
    assert end.isfinite().all()
    assert start.shape != end.shape or not torch.equal(start, end)
    return end


def check(one, other):
    how = relation(one, other)
    assert relation(other, one) == how
    if one.seam == other.seam == "optim" and not one.many and not other.many:
        assert how.kind == "refused"  # a recipe's field holds one: there is no way to write the pair
        return
    if how.kind == "refused":
        for fields in (recipe(one, other), recipe(other, one)):
            with pytest.raises(RecipeError) as error:
                Recipe(**fields)
            assert how.reason in str(error.value)
        return
    ends = [weights_after(recipe(one, other))]
    if seam(one.seam).field_of(one.many) is seam(other.seam).field_of(other.many):
        ends.append(weights_after(recipe(other, one)))
        assert torch.equal(ends[0], ends[1])


@pytest.mark.parametrize("one", METHODS, ids=lambda method: f"{method.seam}/{method.name}")
def test_with_every_other_method(one):
    others = [other for a, other in combinations(METHODS, 2) if a is one]
    failed = {}
    for other in others:
        try:
            check(one, other)
        except Exception as error:  # all of them are told, not the first alone
            failed[f"{other.seam}/{other.name}"] = f"{type(error).__name__}: {error}"
    assert failed == {}
