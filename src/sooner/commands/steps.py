"""What a command is about to do, said before it begins, so that no wait is silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def step(console: Console, what: str) -> Iterator[None]:
    """Say that `what` is under way: on a terminal with a running time, which is gone when it is done; else as a line.

    Imports nothing of sooner: what it announces may be the import itself.
    """
    if not console.is_terminal:
        console.print(f"{what} ...", markup=False, highlight=False, soft_wrap=True)
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        shown.add_task(what, total=None)
        yield
