"""The records of the seams, and that all the rest follows them."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest

from sooner import registry
from sooner.recipes import Recipe
from sooner.seams import SEAMS, seam


@pytest.mark.parametrize("each", SEAMS, ids=lambda each: each.name)
def test_a_seam_is_there_with_its_package_its_methods_and_its_fields(each) -> None:
    assert import_module(each.package).__name__ == f"sooner.{each.name}"
    methods = registry.methods(seam=each.name)
    assert methods
    for method in methods:
        assert each.field_of(method.many).name in Recipe.model_fields
    assert bool(each.control) == any(method.scored for method in methods)


def test_a_recipe_has_the_fields_of_the_seams_and_no_other_choice() -> None:
    fields = {field.name for each in SEAMS for field in each.fields}
    plain = {"name", "summary", "model", "budget", "batch_size", "accumulate", "schedule", "precision"}
    assert set(Recipe.model_fields) == fields | plain


def test_the_order_of_the_seams_has_no_circle() -> None:
    before = {each.name: set(each.after) for each in SEAMS}
    while before:
        free = [name for name, others in before.items() if not others & set(before)]
        assert free, f"each of {sorted(before)} acts after another of them"
        for name in free:
            del before[name]


def test_an_unknown_seam_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="no seam 'sample'; there are: sampling, "):
        seam("sample")


def test_a_scored_method_without_a_control_is_not_registered() -> None:
    scored = registry.get("sampling", "ucb")
    with pytest.raises(ValueError, match="ucb-2 is scored, so its record needs `control`"):
        registry.register(replace(scored, name="ucb-2", control=None))
    assert "ucb-2" not in {method.name for method in registry.methods(seam="sampling")}
