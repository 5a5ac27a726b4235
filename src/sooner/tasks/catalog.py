"""The tasks that a race can be asked by name, and a task made of the user's own data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sooner._text import visible
from sooner._words import number_of
from sooner.errors import DataError
from sooner.tasks._base import Data, Task
from sooner.tasks.sources import find_source

_SGD = {"name": "sgd", "lr": 0.2, "momentum": 0.9, "weight_decay": 5e-4}
_ADAMW = {"name": "adamw", "lr": 2e-3, "weight_decay": 0.01}
_ONE_CYCLE = {"name": "one-cycle", "warmup": 0.2}
_HIGHEST_LR = {"mlp": 0.1}  # for SGD, of models without batch norm: at the rates above they diverge
_FLIP, _TRANSLATE = {"name": "flip"}, {"name": "translate", "pixels": 2}


def _recipe(
    model: str, budget: str, batch_size: int, optimizer: dict[str, Any], *augmentation: Any, smoothing: float = 0.0
) -> dict[str, Any]:
    return {
        "model": model,
        "budget": budget,
        "batch_size": batch_size,
        "optimizer": dict(optimizer),
        "schedule": dict(_ONE_CYCLE),
        "loss": {"name": "cross-entropy", "label_smoothing": smoothing},
        "augmentation": [dict(each) for each in augmentation],
    }


_TASKS = (
    Task(
        name="digits",
        data="digits",
        target=0.975,
        # The rate that needs the fewest examples to the target, of seven that the race tried (benchmarks/baselines);
        # the target is a point and a half below the end, so that some lanes reach it and some do not.
        recipe=_recipe("convnet-16", "12ep", 64, {**_SGD, "lr": 0.025}),
        lanes=("rs2-30", "static-30"),
        summary="handwritten digits: 1,797 grey images of 8x8, 10 classes; comes with the package",
    ),
    Task(
        name="mnist",
        data="mnist",
        target=0.985,
        recipe=_recipe("convnet-16", "5ep", 128, _SGD, _TRANSLATE),
        summary="handwritten digits: 70,000 grey images of 28x28, 10 classes",
    ),
    Task(
        name="fashion_mnist",
        data="fashion_mnist",
        target=0.90,
        recipe=_recipe("convnet-16", "8ep", 128, _SGD, _FLIP, _TRANSLATE),
        summary="pictures of clothes: 70,000 grey images of 28x28, 10 classes",
    ),
    Task(
        name="cifar10",
        data="cifar10",
        target=0.80,
        recipe=_recipe("convnet-16", "10ep", 128, _SGD, _FLIP, _TRANSLATE, smoothing=0.1),
        summary="photographs: 60,000 colour images of 32x32, 10 classes",
    ),
    Task(
        name="cifar100",
        data="cifar100",
        target=0.40,
        recipe=_recipe("convnet-32", "15ep", 128, _SGD, _FLIP, _TRANSLATE, smoothing=0.1),
        summary="photographs: 60,000 colour images of 32x32, 100 classes",
    ),
)


def tasks() -> list[Task]:
    """The tasks known by name, the quickest first."""
    return list(_TASKS)


def get_task(
    name_or_spec: str,
    *,
    label: str | None = None,
    skip_bad: bool = False,
    image_size: int | None = None,
    examples: int | None = None,
    target: float | None = None,
    model: str | None = None,
    data: Data | None = None,
) -> Task:
    """The task of that name, or one made of any data that `load_data` can find.

    Args:
        name_or_spec: a known task's name, or a `spec` of `load_data`.
        label: as in `load_data`, like `skip_bad`, `image_size` and `examples`; kept in `Task.options`.
        target: accuracy to reach, in (0, 1]; needed for data of the user's own, else in place of the task's.
        model: in place of the task's. An mlp, which has no batch norm, gets a learning rate of at most 0.1 with it.
        data: what `load_data` returned for this spec and options, if it was called already. The baseline recipe for
            the user's own data depends on them, so without this they are loaded, looked at and let go.

    Raises:
        DataError: the target is not an accuracy, or is not given for the user's own data; or `load_data` raises it.
    """
    if target is not None and not 0 < target <= 1:
        hint = f" ({target:g}% is {target / 100:g})" if 1 < target <= 100 else ""
        raise DataError(f"the target must be an accuracy above 0 and at most 1, not {target:g}{hint}")
    given = {"label": label, "skip_bad": skip_bad or None, "image_size": image_size, "examples": examples}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    task = next((task for task in _TASKS if task.name == name_or_spec), None)
    if task is None:
        source = find_source(name_or_spec)  # an unknown name is said to be one before a target is asked for
        if target is None:
            raise DataError(f"no target accuracy is known for '{name_or_spec}': say what to reach, as --target 0.9")
        if data is None:
            from sooner.tasks.loading import load_data

            data = load_data(name_or_spec, **options)
        # A race may be resumed from another working directory.
        where = str(Path(name_or_spec).expanduser().absolute()) if source == "path" else name_or_spec
        task = Task(visible(name_or_spec), where, target, default_recipe(data), summary=_describe(data))
    recipe = task.recipe if model is None else _with_model(task.recipe, model)
    return replace(task, target=task.target if target is None else target, recipe=recipe, options=options)


def _with_model(recipe: Mapping[str, Any], model: str) -> dict[str, Any]:
    optimizer = recipe["optimizer"]
    if model in _HIGHEST_LR and optimizer["name"] == "sgd":
        optimizer = {**optimizer, "lr": min(optimizer["lr"], _HIGHEST_LR[model])}
    return {**recipe, "model": model, "optimizer": optimizer}


def default_recipe(data: Data) -> dict[str, Any]:
    """A sensible baseline for data without a tuned recipe: a start, to be tuned where the result matters.

    Rows go to an MLP. Images go to a small convolutional net, a wider one from 1,000 pixels on. The batch is a
    power of two of about a hundredth of the examples, 16 to 512.
    """
    batch_size = 2 ** max(4, min(9, round(math.log2(max(len(data.train), 1) / 100 + 1))))
    if data.kind == "tabular":
        return _recipe("mlp", "40ep", batch_size, _ADAMW)
    small = data.shape[-2] * data.shape[-1] < 1000
    return _recipe("convnet-16" if small else "convnet-32", "20ep", batch_size, _SGD, _FLIP, _TRANSLATE)


def _describe(data: Data) -> str:
    examples = "image" if data.kind == "image" else "row"
    shape = "x".join(str(size) for size in data.shape)
    return (
        f"{number_of(len(data.train) + len(data.test), examples)} of {shape}, {number_of(len(data.classes), 'class')}"
    )
