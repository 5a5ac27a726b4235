"""A model of the user's own, named as `module:factory`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import nn

from sooner.errors import RecipeError
from sooner.tasks.models._base import Shape


def from_factory(spec: str, shape: Shape, classes: int) -> nn.Module:
    """What `module:factory` returns when it is called with `shape` and `classes` by name.

    The module is looked for in the working directory first, and run: a name from a file of others is not to come here
    before the user has agreed, see `sooner.commands.trust`. Raises RecipeError where it cannot be imported, has no such
    factory, or the factory takes other arguments or returns no `nn.Module`; what the factory raises is left as it is.
    """
    with _working_directory_first():
        factory = _find(spec)
        try:
            inspect.signature(factory).bind(shape=shape, classes=classes)
        except TypeError as error:
            raise RecipeError(f"'{spec}' must be callable as factory(shape=..., classes=...): {error}") from error
        model = factory(shape=shape, classes=classes)
    if not isinstance(model, nn.Module):
        raise RecipeError(f"'{spec}' must return a torch.nn.Module, not {type(model).__name__}")
    return model


@contextmanager
def _working_directory_first() -> Iterator[None]:
    # An installed command does not look there for modules, as `python -m` does.
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _find(spec: str) -> Callable[..., Any]:
    module, _, name = spec.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        raise RecipeError(f"'{spec}' is not of the form module:factory, as in my_models:small_net")
    try:
        target: Any = import_module(module)
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
        problem = (
            f"there is no module '{module}', neither installed nor in {Path.cwd()}"
            if missing
            else f"importing '{module}' failed with {type(error).__name__}: {error}"
        )
        raise RecipeError(f"the model '{spec}' cannot be made: {problem}") from error
    for part in name.split("."):
        if not hasattr(target, part):
            raise RecipeError(f"the model '{spec}' cannot be made: the module '{module}' has no '{name}'")
        target = getattr(target, part)
    if not callable(target):
        raise RecipeError(
            f"'{spec}' is an object of type {type(target).__name__}, not a function or class that makes a model"
        )
    return target  # type: ignore[no-any-return]
