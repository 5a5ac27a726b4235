"""Data from a function of the user's own, named as `module:function`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from sooner.errors import DataError
from sooner.tasks._assemble import finish, from_values, hold_out
from sooner.tasks._base import Data
from sooner.tasks._features import Matrix
from sooner.tasks._labels import Labels, encode
from sooner.tasks.examples import InMemory


def from_callable(spec: str) -> Data:
    """Call `module:function` without arguments and make its result a data set.

    It returns a `Data`, taken as it is; or arrays or tensors (inputs, targets), or (train inputs, train targets, test
    inputs, test targets): images (N, C, H, W) uint8, or rows (N, F) of numbers, which are standardised; labels (N,) of
    any type. The module is looked for in the working directory too. Raises DataError when there is no such function
    or its result is none of these; what the function itself raises is left as it is.
    """
    made = _function(spec)()
    if isinstance(made, Data):
        return replace(made, name=spec)
    if not isinstance(made, tuple | list) or len(made) not in (2, 4):
        raise DataError(
            f"{spec} must return a Data, (inputs, targets) or (train inputs, train targets, test inputs, test "
            f"targets), not {_what(made)}"
        )
    arrays = [_array(spec, each) for each in made]
    for inputs, targets in zip(arrays[::2], arrays[1::2], strict=True):
        if targets.ndim != 1 or inputs.shape[:1] != targets.shape:
            raise DataError(
                f"{spec} returned inputs of shape {inputs.shape} with targets of shape {targets.shape}: expected (N, "
                "...) with (N,)"
            )
    labels = encode(_column(arrays[1]), _column(arrays[3]) if len(arrays) == 4 else None, "targets")
    return _from_arrays(spec, arrays[0], arrays[2] if len(arrays) == 4 else None, labels)


def _array(spec: str, made: Any) -> Any:
    if isinstance(made, torch.Tensor):
        return made.detach().cpu().numpy()
    try:
        return np.asarray(made)
    except ValueError as error:
        raise DataError(
            f"{spec} returned what cannot be made an array, with rows of different lengths: {error}"
        ) from error


def _from_arrays(spec: str, inputs: Any, test_inputs: Any, labels: Labels) -> Data:
    if test_inputs is not None and test_inputs.shape[1:] != inputs.shape[1:]:
        raise DataError(
            f"{spec} returned train inputs of shape {inputs.shape[1:]} but test inputs of {test_inputs.shape[1:]}"
        )
    if inputs.ndim == 4 and inputs.dtype == np.uint8:
        whole = InMemory(torch.from_numpy(np.ascontiguousarray(inputs)), labels.train)
        if test_inputs is None or labels.test is None:
            train, test = hold_out(labels)
            return finish(spec, "image", whole.subset(train), whole.subset(test), labels.classes)
        if test_inputs.dtype != np.uint8:
            raise DataError(f"{spec} returned uint8 train images but {test_inputs.dtype} test images")
        apart = InMemory(torch.from_numpy(np.ascontiguousarray(test_inputs)), labels.test)
        return finish(spec, "image", whole, apart, labels.classes)
    if inputs.ndim != 2 or inputs.dtype.kind not in "buif":
        raise DataError(
            f"{spec} returned inputs of {inputs.dtype} and shape {inputs.shape}: expected uint8 images (N, C, H, W), "
            "0 to 255, or rows of numbers (N, F)"
        )
    rows = _finite(spec, inputs)
    test_rows = None if test_inputs is None else _finite(spec, test_inputs)
    return from_values(spec, rows, test_rows, labels, torch.ones(rows.shape[1], dtype=torch.bool))


def _finite(spec: str, inputs: Any) -> Matrix:
    rows: Matrix = inputs.astype(np.float64)
    if wrong := int((~np.isfinite(rows)).sum()):
        values = f"{wrong:,} missing or infinite value{'' if wrong == 1 else 's'}"
        raise DataError(f"{spec} returned rows with {values}: fill or remove them")
    return rows


def _column(targets: Any) -> pa.ChunkedArray:
    try:
        return pa.chunked_array([pa.array(targets)])
    except pa.ArrowException as error:
        raise DataError(f"the targets are of type {targets.dtype}: expected whole numbers, text or booleans") from error


def _function(spec: str) -> Callable[[], Any]:
    module, _, name = spec.partition(":")
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        function = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise DataError(f"there is no module '{error.name}' for '{spec}', neither installed nor in {here}") from error
    except AttributeError as error:
        raise DataError(f"the module '{module}' has no function '{name}'") from error
    finally:
        if added:
            sys.path.remove(here)
    if not callable(function):
        raise DataError(f"'{spec}' is {_what(function)}, not a function")
    return function  # type: ignore[no-any-return]


def _what(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple | list) else type(value).__name__
