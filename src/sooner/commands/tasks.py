"""`sooner tasks`: the tasks and models known by name, or one task in full. Loads no PyTorch."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer

from sooner.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console

    from sooner.cards.index import ModelEntry, TaskEntry


def tasks(
    name: Annotated[str, typer.Argument(help="A task, a model, or a pattern such as 'cifar*'.")] = "*",
) -> None:
    """List the tasks and models known by name, with their size and cost, or show one task: its own recipe."""
    from rich.console import Console

    from sooner._names import closest
    from sooner.cards.index import read

    console = Console()
    index = read()
    matching = [task for task in index.tasks if fnmatchcase(task.name, name)]
    models = [model for model in index.models if fnmatchcase(model.name, name)]
    if not matching and not models:
        known = [*(each.name for each in index.tasks), *(each.name for each in index.models)]
        raise DataError(f"no task or model matches '{name}'; {closest(name, known)}; your own data go to --data")
    if matching:
        _list_tasks(matching, console)
    if len(matching) == 1:
        _show_recipe(matching[0], console)
    elif matching:
        own = "a Parquet, CSV or Arrow file, an image folder, a hub name, or module:function"
        console.print(f"Your own: --data with {own}.\n", highlight=False)
    if models:
        _list_models(models, console)
        console.print(
            "Your own: --model module:factory. One multiplication and one addition are two FLOPs.", highlight=False
        )


def _list_tasks(tasks: list[TaskEntry], console: Console) -> None:
    from rich.table import Table

    table = Table("task", "model", "budget", "target", "what it is", title="Tasks", title_justify="left", box=None)
    for task in tasks:
        table.add_row(task.name, task.model, task.budget, f"{task.target:g}", task.summary)
    console.print(table)


def _show_recipe(task: TaskEntry, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    lanes = f"{' and '.join(task.lanes)} {'races' if len(task.lanes) == 1 else 'race'}"
    console.print(f"\nIts own recipe, the baseline; where no lane is named, {lanes} against it:", highlight=False)
    for line in task.recipe.splitlines():
        console.print(Padding(Text(line, style="cyan"), (0, 0, 0, 1)))


def _list_models(models: list[ModelEntry], console: Console) -> None:
    from rich.table import Table

    from sooner.cards.index import IMAGE

    shape = "x".join(map(str, IMAGE))
    table = Table(title=f"Models, on {shape} inputs and 10 classes", title_justify="left", box=None)
    table.add_column("model")
    table.add_column("parameters", justify="right")
    table.add_column("forward MFLOP", justify="right")
    table.add_column("what it is")
    for model in models:
        table.add_row(model.name, f"{model.parameters:,}", f"{model.flops / 1e6:,.1f}", model.summary)
    console.print(table)
