"""`sooner methods`: all methods and recipes in tables, or one in full. Loads no PyTorch."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer

from sooner.errors import RecipeError

if TYPE_CHECKING:
    from rich.console import Console

    from sooner.cards.index import Index, MethodEntry, RecipeEntry


def methods(
    name: Annotated[str, typer.Argument(help="A method, a recipe, or a pattern such as 'rs*'.")] = "*",
) -> None:
    """List the methods and recipes, or show one: paper, cost, when it helps and when not."""
    from rich.console import Console

    from sooner._names import closest
    from sooner.cards.index import read

    console = Console()
    index = read()
    matching = [method for method in index.methods if fnmatchcase(method.name, name)]
    recipes = [recipe for recipe in index.recipes if fnmatchcase(recipe.name, name)]
    if not matching and not recipes:
        known = dict.fromkeys([*(each.name for each in index.methods), *(each.name for each in index.recipes)])
        control = "; names with an @ are those of controls, which a race adds by itself" if "@" in name else ""
        raise RecipeError(f"no method or recipe matches '{name}'{control}; {closest(name, known)}")
    if [method.name for method in matching] == [name]:
        _show_method(matching[0], index, console)
    elif [recipe.name for recipe in recipes] == [name]:
        _show_recipe(recipes[0], index, console)
    elif len(matching) == 1 and not recipes:
        _show_method(matching[0], index, console)
    else:
        _list(matching, recipes, console)


def _list(methods: list[MethodEntry], recipes: list[RecipeEntry], console: Console) -> None:
    from rich.table import Table

    if methods:
        table = Table("seam", "method", "published as", "what it changes", box=None)
        for method in methods:
            table.add_row(method.seam, method.name, f"{method.title} ({method.year or 'folklore'})", method.changes)
        console.print(table)
    if recipes:
        table = Table("recipe", "what it is", title="\nRecipes for --lanes", title_justify="left", box=None)
        for recipe in recipes:
            table.add_row(recipe.name, recipe.summary)
        console.print(table)
    console.print("\n`sooner methods NAME` shows one in full.", highlight=False)


def _show_recipe(recipe: RecipeEntry, index: Index, console: Console) -> None:
    """The recipe as it is written, and the methods that make it what it is."""
    from rich.text import Text

    what = f"a recipe that uses {' and '.join(recipe.methods)}" if recipe.methods else "a recipe"
    console.print(Text(f"{recipe.name}, {what}, for --lanes {recipe.name}", style="bold"))
    _lines(recipe.text.splitlines(), console)
    tasks = [task.name for task in index.tasks if recipe.name in task.lanes]
    if tasks:
        console.print(Text(f"Where none is named it is a lane of {', '.join(tasks)}."))
    if not recipe.methods:
        console.print(Text("`sooner tasks NAME` shows what that is for a task."))
    for method in index.methods:
        if method.name in recipe.methods:
            console.print()
            _show_method(method, index, console)


def _show_method(method: MethodEntry, index: Index, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    from sooner._extras import command

    console.print(Text(f"{method.title}  ({method.seam}: {method.name})", style="bold"))
    console.print(Text(f"{method.paper}{f', {method.year}' if method.year else ''}"), style="dim")
    rows = [("changes", method.changes), ("costs", method.costs), ("helps", method.helps), ("does not", method.hurts)]
    rows.append(("options", "\n".join(method.options) or "none"))
    if method.needs:
        rows.append(("needs", command(method.needs)))
    rows += [("not with", f"{pattern}: {reason}") for pattern, reason in method.refuses.items()]
    rows += [("measured", text) for text in method.measured or ["nothing so far"]]
    recipes = [recipe.name for recipe in index.recipes if method.name in recipe.methods]
    rows.append(("recipes", ", ".join(recipes) or "none comes with sooner; write one, as below"))
    rows.append(("import", method.path))
    table = Table.grid(padding=(0, 2, 0, 1))
    for head, text in rows:
        table.add_row(Text(head, style="bold"), Text(text))
    console.print(table)
    console.print()
    _lines([*method.loop, "", f"# in a recipe: {method.recipe}"], console)


def _lines(code: list[str], console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for line in code:
        console.print(Padding(Text(line, style="cyan"), (0, 0, 0, 1)))
