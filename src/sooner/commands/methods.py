"""`sooner methods`: all methods in a table, or one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sooner.errors import RecipeError

if TYPE_CHECKING:
    from rich.console import Console

    from sooner.registry import Method


def methods(
    name: Annotated[str, typer.Argument(help="A method, or a pattern such as 'rs*'.")] = "*",
) -> None:
    """List the methods, or show one: paper, cost, when it helps and when not."""
    from rich.console import Console
    from rich.table import Table

    from sooner import registry

    console = Console()
    matching = registry.methods(name)
    if not matching:
        names = ", ".join(method.name for method in registry.methods())
        raise RecipeError(f"no method matches '{name}'; there are: {names}")
    if len(matching) == 1:
        _show_method(matching[0], console)
        return
    table = Table("seam", "method", "published as", "what it changes", box=None)
    for method in matching:
        table.add_row(method.seam, method.name, f"{method.title} ({method.year or 'folklore'})", method.changes)
    console.print(table)
    if name == "*":
        from sooner.recipes import shipped

        table = Table("recipe", "what it is", title="\nRecipes for --lanes", title_justify="left", box=None)
        for recipe in shipped():
            table.add_row(recipe.name, recipe.summary)
        console.print(table)
    console.print("\n`sooner methods NAME` shows one in full.", highlight=False)


def _show_method(method: Method, console: Console) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from sooner._extras import command, requirements
    from sooner.cards.cards import option
    from sooner.cards.measured import measured
    from sooner.cards.usage import in_a_recipe, loop

    console.print(Text(f"{method.title}  ({method.seam}: {method.name})", style="bold"))
    console.print(Text(f"{method.paper}{f', {method.year}' if method.year else ''}"), style="dim")
    rows = [("changes", method.changes), ("costs", method.costs), ("helps", method.helps), ("does not", method.hurts)]
    rows.append(("options", "\n".join(option(parameter) for parameter in method.options.values()) or "none"))
    if method.extra:
        rows.append(("needs", command(requirements(method.extra))))
    rows += [("not with", f"{pattern}: {reason}") for pattern, reason in method.refuses.items()]
    results = [f"{result.found} ({result.on}; {result.benchmark})" for result in measured(method)]
    rows += [("measured", text) for text in results or ["nothing so far"]]
    rows.append(("import", f"{method.make.__module__}.{method.make.__qualname__}"))
    table = Table.grid(padding=(0, 2, 0, 1))
    for head, text in rows:
        table.add_row(Text(head, style="bold"), Text(text))
    console.print(table)
    console.print()
    for line in (*loop(method), "", f"# in a recipe: {in_a_recipe(method)}"):
        console.print(Padding(Text(line, style="cyan"), (0, 0, 0, 1)))
