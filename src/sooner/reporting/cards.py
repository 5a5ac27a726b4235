"""Method cards: one page per method, written from its record. `python -m sooner.reporting.cards docs/methods`"""

from __future__ import annotations

import sys
from inspect import Parameter, signature
from pathlib import Path

from torch import Tensor

from sooner import registry
from sooner.registry import Method

_LOOP = {
    "sampling": [
        "from sooner.sampling import {make}",
        "sampler = {make}(len(data), batch_size=128{arguments})",
        "loader = DataLoader(Indexed(data), batch_sampler=sampler, collate_fn=collate)",
    ],
    "augmentation": [
        "from sooner.augmentation import {make}",
        "augment = {make}({arguments})",
        "inputs = augment(inputs, progress, generator)  # (B, C, H, W) float, share of the run, torch.Generator",
    ],
}


def card(method: Method) -> str:
    """The card of `method`, in Markdown."""
    source = f"{method.paper}, {method.year}." if method.year else f"{method.paper.capitalize()}."
    options = [f"- `{option(parameter)}`" for parameter in method.options.values()] or ["None."]
    lines = [
        f"# {method.title}",
        "",
        f"`{method.name}`, seam *{method.seam}*. {source}",
        "",
        method.changes,
        "",
        f"- **Costs.** {method.costs}",
        f"- **Helps.** {method.helps}",
        f"- **Does not help, or hurts.** {method.hurts}",
        *(["- **In a race** as much random data is added as a control, since it chooses by score."] * method.scored),
        "",
        "## In your own loop",
        "",
        "```python",
        *_usage(method),
        "```",
        "",
        "## In a recipe",
        "",
        "```yaml",
        "extends: baseline",
        _yaml(method),
        "```",
        "",
        "## Options",
        "",
        *options,
        "",
        f"The docstring of `{method.make.__module__}.{method.make.__qualname__}` has the details.",
        "",
    ]
    return "\n".join(lines)


def option(parameter: Parameter) -> str:
    """An option as its signature has it: `fraction: float`, `beta: float = 1.0`."""
    kind = parameter.annotation if isinstance(parameter.annotation, str) else parameter.annotation.__name__
    default = "" if parameter.default is Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {kind}{default}"


def _usage(method: Method) -> list[str]:
    given = [f"{name}={_shown(name, value)}" for name, value in method.example.items()]
    if method.seam == "sampling":
        given += ["targets=targets"] * _needs_targets(method)
        arguments = "".join(f", {argument}" for argument in given)
    else:
        arguments = ", ".join(given)
    return [line.format(make=method.make.__name__, arguments=arguments) for line in _LOOP[method.seam]]


def _needs_targets(method: Method) -> bool:
    if "targets" not in signature(method.make).parameters:
        return False
    try:
        method.make(64, 8, **method.example)
    except ValueError:
        return True
    return False


def _shown(name: str, value: object) -> str:
    return name if isinstance(value, Tensor) else repr(value)


def _yaml(method: Method) -> str:
    options = {name: value for name, value in method.example.items() if not isinstance(value, Tensor)}
    if method.seam == "augmentation":
        return f"augmentation: [{_flow(method.name, options)}]"
    return f"{method.seam}: {_flow(method.name, options)}"


def _flow(name: str, options: dict[str, object]) -> str:
    if not options:
        return name
    return "{" + ", ".join([f"name: {name}", *(f"{key}: {value}" for key, value in options.items())]) + "}"


def write(folder: Path) -> None:
    """Write every method's card into `folder`, with an index, and remove those of methods that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    found = registry.methods()
    index = ["# Methods", "", "| seam | method | published as | what it changes |", "|---|---|---|---|"]
    for method in found:
        title = f"{method.title} ({method.year or 'folklore'})"
        index.append(f"| {method.seam} | [{method.name}]({method.name}.md) | {title} | {method.changes} |")
    pages = {f"{method.name}.md": card(method) for method in found} | {"README.md": "\n".join([*index, ""])}
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
