"""`sooner tasks`: the tasks and models known by name."""

from __future__ import annotations

IMAGE = (3, 32, 32)  # the shape of one input, for which the cost of models is given


def tasks() -> None:
    """List the tasks and models known by name, with their size and cost."""
    from rich.console import Console
    from rich.table import Table

    from sooner.tasks import models
    from sooner.tasks import tasks as known

    console = Console()
    table = Table("task", "model", "budget", "target", "what it is", title="Tasks", title_justify="left", box=None)
    for task in known():
        table.add_row(task.name, task.recipe["model"], task.recipe["budget"], f"{task.target:g}", task.summary)
    console.print(table)
    console.print(
        "Your own: --data with a Parquet, CSV or Arrow file, an image folder, a hub name, or module:function.\n",
        highlight=False,
    )
    shape = "x".join(map(str, IMAGE))
    table = Table(title=f"Models, on {shape} inputs and 10 classes", title_justify="left", box=None)
    table.add_column("model")
    table.add_column("parameters", justify="right")
    table.add_column("forward MFLOP", justify="right")
    table.add_column("what it is")
    for info in models.models():
        model = models.build(info.name, IMAGE, 10, seed=0)
        cost = models.layer_flops(model, IMAGE) / 1e6
        table.add_row(info.name, f"{models.parameters(model):,}", f"{cost:,.1f}", info.summary)
    console.print(table)
    console.print(
        "Your own: --model module:factory. One multiplication and one addition are two FLOPs.", highlight=False
    )
