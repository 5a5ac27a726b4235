"""`sooner doctor`: what machine this is, and what is missing."""

from __future__ import annotations

import time
from importlib import metadata
from typing import TYPE_CHECKING

from sooner.cards.index import IMAGE

if TYPE_CHECKING:
    import torch


def doctor() -> None:
    """Describe this machine, what it can do, and what is missing."""
    import torch
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from sooner.racing.machine import describe as machine
    from sooner.racing.machine.cores import default_threads
    from sooner.racing.recipes.precision import choose
    from sooner.tasks import data_folder, models
    from sooner.tasks import tasks as known

    console = Console()
    device = machine.pick_device()
    torch.set_num_threads(default_threads())
    rows: list[tuple[str, str]] = [(name, str(value)) for name, value in machine.describe(device).items()]
    rows += list(machine.versions().items())
    share = machine.load_by_others()
    busy = f"other programs use {share:.0%} of the cores: timings will be noisy"
    rows.append(("load", busy if machine.is_busy(share) else "quiet: timings can be trusted"))
    model = models.build("convnet-16", IMAGE, 10, seed=0)
    # A processor is kept busy by few examples, and a first look should not keep it so for long.
    batch_size = 32 if device.type == "cpu" else 256
    precision = choose(model, IMAGE, batch_size, device, rounds=3)
    rows.append(("precision", f"{precision} is what convnet-16 trains fastest in here"))
    pace = _pace(precision, device, batch_size)
    rows.append(("pace", f"{pace:,.0f} examples/s forward and backward, convnet-16 on 32x32, {batch_size} at a time"))
    root = data_folder()
    for task in known():
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


def _pace(precision: str, device: torch.device, batch_size: int, seconds: float = 0.2) -> float:
    """Examples per second, forward and backward, of the smallest convolutional net, once it is warm."""
    import torch

    from sooner.tasks import models

    model = models.build("convnet-16", IMAGE, 10, seed=0).to(device)
    inputs = torch.zeros(batch_size, *IMAGE, device=device).to(memory_format=torch.channels_last)
    steps, began = -1, time.perf_counter()
    while time.perf_counter() - began < seconds or steps < 1:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            outputs = model(inputs)
        outputs.float().sum().backward()
        outputs[0, 0].item()  # waits for the device
        steps += 1
        if steps == 0:  # the first step chooses kernels
            began = time.perf_counter()
    return steps * len(inputs) / (time.perf_counter() - began)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
