"""Writes the file of `sooner.cards.index` from the records as they are: part of `python -m sooner.cards.cards`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import yaml

from sooner import registry
from sooner._extras import requirements
from sooner.cards.index import FILE, IMAGE, Index, MethodEntry, ModelEntry, RecipeEntry, TaskEntry
from sooner.cards.measured import measured
from sooner.cards.signature import option
from sooner.cards.usage import in_a_recipe, loop
from sooner.recipes import Shipped, resolve, shipped
from sooner.registry import Method
from sooner.tasks import Task, get_task, models, tasks


def write(path: Path = FILE) -> None:
    """Write the index of the records as they are now."""
    path.write_text(json.dumps(asdict(collect()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def collect() -> Index:
    """The index of the records as they are now. Builds every model."""
    return Index(
        [_method(method) for method in registry.methods()],
        [_recipe(recipe) for recipe in shipped()],
        [_task(task) for task in tasks()],
        [_model(model) for model in models.models()],
    )


def _method(method: Method) -> MethodEntry:
    return MethodEntry(
        seam=method.seam,
        name=method.name,
        title=method.title,
        paper=method.paper,
        year=method.year,
        changes=method.changes,
        costs=method.costs,
        helps=method.helps,
        hurts=method.hurts,
        options=[option(parameter) for parameter in method.options.values()],
        needs=requirements(method.extra) if method.extra else [],
        refuses=dict(method.refuses),
        measured=[f"{result.found} ({result.on}; {result.benchmark})" for result in measured(method)],
        path=f"{method.make.__module__}.{method.make.__qualname__}",
        loop=loop(method),
        recipe=in_a_recipe(method),
    )


def _recipe(recipe: Shipped) -> RecipeEntry:
    base = get_task("digits").recipe
    own, without = ([method.name for method in resolve(name, base).methods()] for name in (recipe.name, "baseline"))
    return RecipeEntry(recipe.name, recipe.summary, recipe.text, [name for name in own if name not in without])


def _task(task: Task) -> TaskEntry:
    fields = dict(task.recipe)
    text = yaml.safe_dump(fields, sort_keys=False, default_flow_style=None)
    return TaskEntry(task.name, fields["model"], fields["budget"], task.target, task.summary, [*task.lanes], text)


def _model(info: models.ModelInfo) -> ModelEntry:
    model = models.build(info.name, IMAGE, 10, seed=0)
    return ModelEntry(info.name, info.summary, models.parameters(model), models.layer_flops(model, IMAGE))
