"""What everything that prints on a terminal has in common."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table


def say(console: Console, text: str, *, style: str = "") -> None:
    """Print `text` as it is: nothing in it is markup, no number is coloured, no line is broken or cut."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def ruled_table(*columns: str) -> Table:
    """A table with a line under its head, with these columns: the first to the left, the others to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold")
    return table
