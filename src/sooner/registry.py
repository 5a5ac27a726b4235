"""One frozen record per method: what it is, where it comes from, what it costs, and when it helps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal

Seam = Literal[
    "sampling",
    "selection",
    "distillation",
    "augmentation",
    "losses",
    "optim",
    "batching",
    "sparsity",
    "structure",
    "search",
    "distributed",
    "analysis",
]

# Packages whose import registers methods; a new seam's package is one more name here.
_PACKAGES = ("sooner.sampling", "sooner.augmentation")


@dataclass(frozen=True)
class Method:
    """What sooner knows of one method.

    Attributes:
        name: how recipes and the command line call it, lower case with hyphens.
        seam: the place in a training step where it acts.
        make: the class or function itself.
        title: its name as published.
        paper: authors and title, or where it is folklore, that word.
        year: of the paper; None for folklore.
        changes: what it changes in training, one sentence.
        costs: what it costs per step and in memory, one sentence.
        helps: when it helps.
        hurts: when it does not.
        scored: it looks at the model or the losses to choose examples, so a race adds a lane of as much random data.
        example: arguments, beyond those every method of the seam takes, of a small working instance; the shared
            contract is run on it.
    """

    name: str
    seam: Seam
    make: Callable[..., Any]
    title: str
    paper: str
    year: int | None
    changes: str
    costs: str
    helps: str
    hurts: str
    scored: bool = False
    example: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The method's own arguments, by name: those that a recipe may set."""
        given = {"self", "n", "batch_size", "seed", "targets"}
        parameters = inspect.signature(self.make).parameters
        return {name: parameter for name, parameter in parameters.items() if name not in given}


_METHODS: dict[tuple[str, str], Method] = {}


def register(method: Method) -> Method:
    """Make `method` known under its seam and name; a second one of the same name is refused."""
    key = (method.seam, method.name)
    if key in _METHODS:
        raise ValueError(f"{method.seam} already has a method named '{method.name}'")
    _METHODS[key] = method
    return method


def methods(pattern: str = "*", seam: str | None = None) -> list[Method]:
    """The registered methods whose name matches the shell-style `pattern`, by seam and name."""
    for package in _PACKAGES:
        import_module(package)
    found = (m for m in _METHODS.values() if fnmatchcase(m.name, pattern) and seam in (None, m.seam))
    return sorted(found, key=lambda m: (m.seam, m.name))


def get(seam: str, name: str) -> Method:
    """The method of that seam and name. Raises KeyError naming those there are."""
    known = methods(seam=seam)
    for method in known:
        if method.name == name:
            return method
    raise KeyError(f"no {seam} method is named '{name}'; there are: {', '.join(m.name for m in known) or 'none'}")
