"""A method in three lines of the user's own loop, and in one of a recipe, written from its record and signature."""

from __future__ import annotations

import inspect
from inspect import Parameter

from torch import Tensor

from sooner.batching import grows
from sooner.recipes import FIELDS
from sooner.registry import GIVEN, Method

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


def lines(method: Method) -> list[str]:
    """Import, making and use, three lines or so."""
    name = method.make.__name__
    made = f"{name}({', '.join(_arguments(method))})"
    variable, *use = _use(method)
    imported = f"from sooner.{method.seam} import {name}"
    return [imported, f"{variable} = {made}" if variable else made, *use]


def _use(method: Method) -> list[str]:
    """The name that what is made gets, and what the loop then does with it."""
    takes = method.parameters
    match method.seam:
        case "sampling":
            made = "loader = guard(DataLoader(Indexed(data), batch_sampler=sampler, collate_fn=collate))"
            return ["sampler", f"{made}  # from sooner.integrations"]
        case "augmentation":
            told = ", index=index, epoch=epoch" if getattr(method.make, "indexed", False) else ""
            kind = "in [0, 1]" if getattr(method.make, "unit_range", False) else "normalised"
            call = f"inputs = augment(inputs, progress, generator{told})"
            return ["augment", f"{call}  # (B, C, H, W) float, {kind}; share of the run; torch.Generator"]
        case "losses":
            return ["loss", "loss(outputs, targets, index).mean().backward()  # one number per example before the mean"]
        case "optim" if "forward" in inspect.signature(getattr(method.make, "step", method.make)).parameters:
            return ["optimizer", "optimizer.step(forward, loss)  # in place of backward and step"]
        case "optim":
            return ["optimizer", "optimizer.step()"]
        case "batching" if "model" in takes:
            return [""]
        case "batching" if grows(method.make):
            return ["batching", "for batch in joined(loader, batching): ...  # from sooner.batching import joined"]
        case "batching":
            return ["batching", "set_lr(optimizer, schedule(progress) * batching.lr_scale)"]
        case "structure" if "optimizer" in takes:
            return ["pruning", "pruning.step(progress)  # after optimizer.step()"]
        case "structure":
            return ["report", "# and then make the optimizer"]
        case _:
            return ["sparsity", "sparsity.step(progress)  # after optimizer.step()"]


def _arguments(method: Method) -> list[str]:
    found = []
    for name, parameter in method.parameters.items():
        if name in GIVEN and (parameter.default is Parameter.empty or name in _needed(method)):
            found.append(_given(method, name))
        elif name in _options(method):
            found.append(f"{name}={_shown(name, method.example[name])}")
    return found


def _options(method: Method) -> dict[str, object]:
    """Those of the record's example that a user has to think about: the rest is small for the sake of tests."""
    if method.seam == "sampling":
        return dict(method.example)
    return {n: v for n, v in method.example.items() if method.options[n].default is Parameter.empty}


def _given(method: Method, name: str) -> str:
    if name == "batch_size" and method.seam == "sampling":
        return "batch_size=128"
    return _GIVEN[name]


def _needed(method: Method) -> set[str]:
    """What training gives and the signature has a default for, but the method needs all the same."""
    if method.seam == "sparsity":
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
    field, listed = FIELDS[method.seam, method.many]
    chosen = method.name
    if options:
        chosen = "{" + ", ".join([f"name: {method.name}", *(f"{key}: {_text(v)}" for key, v in options.items())]) + "}"
    return f"{field}: [{chosen}]" if listed else f"{field}: {chosen}"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
