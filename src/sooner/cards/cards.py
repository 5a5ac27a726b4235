"""Method cards: one page per method, written from its record.

`python -m sooner.cards.cards docs/methods` writes them, and the index that the command line lists.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sooner import registry
from sooner._extras import command, requirements
from sooner.cards import indexing
from sooner.cards.measured import measured
from sooner.cards.signature import option
from sooner.cards.usage import in_a_recipe, loop
from sooner.registry import Method
from sooner.seams import seam


def card(method: Method) -> str:
    """The card of `method`, in Markdown."""
    source = f"{method.paper}, {method.year}." if method.year else f"{method.paper.capitalize()}."
    options = [f"- `{option(parameter)}`" for parameter in method.options.values()] or ["None."]
    text = [
        f"# {method.title}",
        "",
        f"`{method.name}`, seam *{method.seam}*. {source}",
        "",
        method.changes,
        "",
        f"- **Costs.** {method.costs}",
        f"- **Helps.** {method.helps}",
        f"- **Does not help, or hurts.** {method.hurts}",
        *(
            [f"- **In a race** a lane with {seam(method.seam).controlled} is added, since it chooses by score."]
            if method.scored
            else []
        ),
        *(
            ["- **In a race** the lanes without it get as many seconds, since it makes steps cheaper."]
            if method.cheaper
            else []
        ),
        *([f"- **Needs** `{command(requirements(method.extra))}`."] if method.extra else []),
        *(f"- **Not with** `{pattern}`: {reason}." for pattern, reason in method.refuses.items()),
        "",
        "## In your own loop",
        "",
        "```python",
        *loop(method),
        "```",
        "",
        "## In a recipe",
        "",
        "```yaml",
        "extends: baseline",
        in_a_recipe(method),
        "```",
        "",
        "## Options",
        "",
        *options,
        "",
        *_measured(method),
        f"The docstring of `{method.make.__module__}.{method.make.__qualname__}` has the details.",
        "",
    ]
    return "\n".join(text)


def _measured(method: Method) -> list[str]:
    results = measured(method)
    if not results:
        return []
    rows = [f"- {result.found} ([{result.on}](../../{result.benchmark}/README.md))" for result in results]
    return ["## Measured", "", *rows, ""]


def write(folder: Path) -> None:
    """Write every method's card into `folder`, with an index, and remove those of methods that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    methods = registry.methods()
    index = ["# Methods", "", "| seam | method | published as | what it changes |", "|---|---|---|---|"]
    for method in methods:
        title = f"{method.title} ({method.year or 'folklore'})"
        index.append(f"| {method.seam} | [{method.name}]({method.name}.md) | {title} | {method.changes} |")
    pages = {f"{method.name}.md": card(method) for method in methods} | {"README.md": "\n".join([*index, ""])}
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
    indexing.write()
