"""A method in the user's own loop, whole and ready to run, and in one line of a recipe, written from its record."""

from __future__ import annotations

from inspect import Parameter

from torch import Tensor

from sooner.registry import GIVEN, Method
from sooner.seams import Use, seam

# How the user's own loop calls what training gives to a method.
_GIVEN = {
    "n": "len(data)",
    "batch_size": "batch_size=64",
    "seed": "seed=0",
    "targets": "targets=targets",
    "classes": "classes",
    "model": "model",
    "optimizer": "optimizer",
    "inputs": "inputs",
    "batches": "batches=loader",
    "loss": "loss=loss",
}
_IMPORTS = (
    "from torch.nn.functional import cross_entropy",
    "from torch.utils.data import DataLoader",
    "from sooner import Indexed, collate",
)
_LOADER = (
    "order = torch.Generator().manual_seed(0)  # the loader's own: it draws nothing from the global state",
    "loader = DataLoader(Indexed(data), batch_size=64, shuffle=True, collate_fn=collate, generator=order)",
)


def loop(method: Method) -> list[str]:
    """A plain training loop with the method in it, line by line: `data`, `model`, `optimizer`, `epochs` are the user's.

    What else the method needs (`classes`, `targets`, a few `inputs`, a `loss`) is named as in `registry.GIVEN`.
    """
    use = method.use or seam(method.seam).use
    steps = [*use.begin, *_losses(use), *(use.update or ["optimizer.step()"]), *use.end, "optimizer.zero_grad()"]
    made = f"{method.make.__name__}({', '.join([*_arguments(method), *(f'{name}={name}' for name in use.given)])})"
    made = f"{use.name} = {made}" if use.name else made
    made += "".join(f"  # {name}: {what}" for name, what in use.given.items())
    own = any("loader =" in line for line in use.setup)
    before = [made, *use.setup] if own else [*_LOADER, made, *use.setup]
    if any("progress" in line for line in steps):
        over = f"for step, batch in enumerate({use.batches}, 1):"
        steps.insert(0, "progress = (epoch + step / len(loader)) / epochs  # share of the run")
    else:
        over = f"for batch in {use.batches}:"
    imports = [
        *([] if own else ["import torch"]),
        *_IMPORTS,
        f"from sooner.{method.seam} import {method.make.__name__}",
        *use.imports,
    ]
    return [
        *sorted(dict.fromkeys(imports), key=lambda line: not line.startswith("import ")),
        "",
        *before,
        "for epoch in range(epochs):",
        *(f"    {line}" for line in use.rounds),
        f"    {over}",
        *(f"        {line}" for line in steps),
        *use.done,
    ]


def _losses(use: Use) -> list[str]:
    """From the batch to the gradients."""
    if use.backward:
        return list(use.backward)
    inputs = f"inputs = {use.inputs}" if use.inputs else ""
    outputs = "model(inputs)" if use.inputs else "model(batch.inputs)"
    losses = use.losses or 'losses = cross_entropy({outputs}, batch.targets, reduction="none")'
    lines = [inputs, losses.format(outputs=outputs), *use.observe, f"(losses * {use.weight}).mean().backward()"]
    return [line for line in lines if line]


def _arguments(method: Method) -> list[str]:
    arguments = []
    for name, parameter in method.parameters.items():
        if name in GIVEN and (parameter.default is Parameter.empty or name in _needed(method)):
            arguments.append(_GIVEN[name])
        elif name in _options(method):
            arguments.append(f"{name}={_shown(name, method.example[name])}")
    return arguments


def _options(method: Method) -> dict[str, object]:
    """Those of the record's example that a user has to think about: the rest is small for the sake of tests."""
    shown = (method.use or seam(method.seam).use).shown
    return {n: v for n, v in method.example.items() if n in shown or method.options[n].default is Parameter.empty}


def _needed(method: Method) -> set[str]:
    """What training gives and the signature has a default for, but the method needs all the same."""
    if method.seam in ("sparsity", "averaging"):
        return {"batches", "loss"} & set(method.parameters)
    if method.seam == "sampling" and "targets" in method.parameters:
        try:
            method.make(64, 8, **method.example)
        except ValueError:
            return {"targets"}
    return set()


def _shown(name: str, value: object) -> str:
    return name if isinstance(value, Tensor) else repr(value)


def in_a_recipe(method: Method) -> str:
    """The line of a recipe that chooses it."""
    options = {name: value for name, value in _options(method).items() if not isinstance(value, Tensor)}
    field = seam(method.seam).field_of(method.many)
    chosen = method.name
    if options:
        chosen = "{" + ", ".join([f"name: {method.name}", *(f"{key}: {_text(v)}" for key, v in options.items())]) + "}"
    return f"{field.name}: [{chosen}]" if field.listed else f"{field.name}: {chosen}"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
