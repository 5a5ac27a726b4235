"""The file that the command line lists is that of the records, and reading it loads next to nothing."""

from __future__ import annotations

from pathlib import Path

import yaml

from sooner import registry
from sooner.cards import indexing
from sooner.cards.index import FILE, IMAGE, read
from sooner.recipes import resolve, shipped
from sooner.tasks import get_task


def test_the_file_is_that_of_the_records(tmp_path: Path) -> None:
    indexing.write(tmp_path / "index.json")
    assert (tmp_path / "index.json").read_text() == FILE.read_text(), (
        "the index is out of date: python -m sooner.cards.cards docs/methods"
    )
    assert read() == indexing.collect()


def test_it_has_every_method_and_recipe() -> None:
    index = read()
    assert [(each.seam, each.name) for each in index.methods] == [(m.seam, m.name) for m in registry.methods()]
    assert [each.name for each in index.recipes] == [recipe.name for recipe in shipped()]


def test_a_recipe_names_the_methods_that_the_baseline_has_not() -> None:
    of = {recipe.name: recipe.methods for recipe in read().recipes}
    assert of["rs2-10"] == ["rs2"]
    assert of["erk-10"] == ["random-pruning"]
    assert of["lookahead"] == ["lookahead"]
    assert [name for name, methods in of.items() if not methods] == ["baseline"]


def test_the_recipe_of_a_task_is_its_own() -> None:
    for task in read().tasks:
        assert yaml.safe_load(task.recipe) == get_task(task.name).recipe
        assert all(resolve(lane, get_task(task.name).recipe).name == lane for lane in task.lanes)


def test_the_cost_of_a_model_is_counted_on_the_shape_that_is_named() -> None:
    (mlp,) = [model for model in read().models if model.name == "mlp"]
    sizes = ((IMAGE[0] * IMAGE[1] * IMAGE[2], 256), (256, 256), (256, 10))
    assert mlp.parameters == sum(before * after + after for before, after in sizes)
    assert mlp.flops == sum(2 * before * after for before, after in sizes)
