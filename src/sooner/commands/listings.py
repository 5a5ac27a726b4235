"""What `sooner tasks`, `sooner methods` and `sooner doctor` print."""

from __future__ import annotations

import os
import time
from importlib import metadata
from pathlib import Path

import torch
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sooner import registry
from sooner.cards.cards import option
from sooner.cards.measured import measured
from sooner.cards.usage import in_a_recipe, loop
from sooner.errors import RecipeError
from sooner.recipes import shipped
from sooner.tasks import models, tasks

_IMAGE = (3, 32, 32)


def show_tasks() -> None:
    """Print the tasks and the models known by name."""
    console = Console()
    table = Table("task", "model", "budget", "target", "what it is", title="Tasks", title_justify="left", box=None)
    for task in tasks():
        table.add_row(task.name, task.recipe["model"], task.recipe["budget"], f"{task.target:g}", task.summary)
    console.print(table)
    console.print(
        "Your own: --data with a Parquet, CSV or Arrow file, an image folder, a hub name, or module:function.\n",
        highlight=False,
    )
    shape = "x".join(map(str, _IMAGE))
    table = Table(title=f"Models, on {shape} inputs and 10 classes", title_justify="left", box=None)
    table.add_column("model")
    table.add_column("parameters", justify="right")
    table.add_column("forward MFLOP", justify="right")
    table.add_column("what it is")
    for info in models.models():
        model = models.build(info.name, _IMAGE, 10, seed=0)
        cost = models.flops(model, _IMAGE) / 1e6
        table.add_row(info.name, f"{models.parameters(model):,}", f"{cost:,.1f}", info.summary)
    console.print(table)
    console.print(
        "Your own: --model module:factory. One multiplication and one addition are two FLOPs.", highlight=False
    )


def show_methods(pattern: str) -> None:
    """Print the methods that match `pattern`, in full where it is one. Raises RecipeError where none does."""
    console = Console()
    found = registry.methods(pattern)
    if not found:
        names = ", ".join(method.name for method in registry.methods())
        raise RecipeError(f"no method matches '{pattern}'; there are: {names}")
    if len(found) == 1:
        _show_method(found[0], console)
        return
    table = Table("seam", "method", "published as", "what it changes", box=None)
    for method in found:
        table.add_row(method.seam, method.name, f"{method.title} ({method.year or 'folklore'})", method.changes)
    console.print(table)
    if pattern == "*":
        table = Table("recipe", "what it is", title="\nRecipes for --lanes", title_justify="left", box=None)
        for recipe in shipped():
            table.add_row(recipe.name, recipe.summary)
        console.print(table)
    console.print("\n`sooner methods NAME` shows one in full.", highlight=False)


def _show_method(method: registry.Method, console: Console) -> None:
    console.print(Text(f"{method.title}  ({method.seam}: {method.name})", style="bold"))
    console.print(Text(f"{method.paper}{f', {method.year}' if method.year else ''}"), style="dim")
    rows = [("changes", method.changes), ("costs", method.costs), ("helps", method.helps), ("does not", method.hurts)]
    rows.append(("options", "\n".join(option(parameter) for parameter in method.options.values()) or "none"))
    if method.extra:
        rows.append(("needs", f"pip install 'sooner[{method.extra}]'"))
    rows += [("not with", f"{pattern}: {reason}") for pattern, reason in method.refuses.items()]
    results = [f"{found.found} ({found.on}; {found.benchmark})" for found in measured(method)]
    rows += [("measured", told) for told in results or ["nothing so far"]]
    rows.append(("import", f"{method.make.__module__}.{method.make.__qualname__}"))
    table = Table.grid(padding=(0, 2, 0, 1))
    for head, text in rows:
        table.add_row(Text(head, style="bold"), Text(text))
    console.print(table)
    console.print()
    for line in (*loop(method), "", f"# in a recipe: {in_a_recipe(method)}"):
        console.print(Padding(Text(line, style="cyan"), (0, 0, 0, 1)))


def show_doctor() -> None:
    """Print what machine this is, which precision gains here, which data is present, and what is missing."""
    from sooner.racing.machine import describe as machine
    from sooner.racing.recipes.precision import choose

    console = Console()
    device = machine.pick_device()
    torch.set_num_threads(machine.physical_cores())
    rows: list[tuple[str, str]] = [(name, str(value)) for name, value in machine.describe(device).items()]
    rows += list(machine.versions().items())
    busy = machine.busy_warning(machine.load_by_others())
    rows.append(("load", busy or "quiet: timings can be trusted"))
    model = models.build("convnet-16", _IMAGE, 10, seed=0)
    precision = choose(model, _IMAGE, 128, device)
    rows.append(("precision", f"{precision} is what convnet-16 trains fastest in here"))
    rows.append(("pace", f"{_pace(precision, device):,.0f} examples/s forward and backward, convnet-16 on 32x32"))
    root = Path(os.environ.get("SOONER_DATA") or Path.home() / ".cache/sooner/datasets")
    for task in tasks():
        if task.name != "digits":
            there = all((root / task.name / f"{part}.parquet").exists() for part in ("train", "test"))
            rows.append(
                (f"data: {task.name}", "there" if there else f"not in {root}; read from the hub when asked for")
            )
    for extra in ("ray", "torchdata", "lightning", "transformers", "accelerate"):
        rows.append((f"optional: {extra}", _version(extra)))
    table = Table(box=None, show_header=False)
    for name, value in rows:
        table.add_row(Text(name, style="bold"), Text(value))
    console.print(table)


def _pace(precision: str, device: torch.device, seconds: float = 1.0) -> float:
    model = models.build("convnet-16", _IMAGE, 10, seed=0).to(device)
    inputs = torch.zeros(256, *_IMAGE, device=device).to(memory_format=torch.channels_last)
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            outputs = model(inputs)
        outputs.float().sum().backward()
        outputs[0, 0].item()  # waits for the device
        steps += 1
    return steps * len(inputs) / (time.perf_counter() - began)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
