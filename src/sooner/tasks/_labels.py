"""Labels of any type to class numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from sooner._words import number_of
from sooner.errors import DataError


@dataclass(frozen=True)
class Labels:
    """Class numbers 0 to C-1 in the sorted order of the labels: (n,) int64 of train, and of test where there is one."""

    train: Tensor
    test: Tensor | None
    classes: tuple[str, ...]


def encode(
    train: pa.ChunkedArray, test: pa.ChunkedArray | None, column: str, names: Sequence[str] | None = None
) -> Labels:
    """Number the labels of `train`, and those of `test` the same way.

    Labels may be integers, whole floats, strings or booleans. `names`, of integer labels, become the names of the
    classes. Raises DataError on other types, missing labels, fewer than two classes, and test labels unknown to train.
    """
    train = _plain(train, column, "train")
    values = sorted(pc.unique(train).to_pylist())
    if len(values) < 2:
        raise DataError(
            f"the label column '{column}' has one class only ('{values[0]}'): there is nothing to tell apart"
        )
    known = pa.array(values, type=train.type)
    classes = tuple(names[value] if names and 0 <= value < len(names) else str(value) for value in values)
    if test is None:
        return Labels(_numbers(train, known), None, classes)
    test = _plain(test, column, "test")
    try:
        test = test.cast(train.type)
    except pa.ArrowException as error:
        raise DataError(f"the label column '{column}' is {train.type} in train but {test.type} in test") from error
    strange = sorted(set(pc.unique(test).to_pylist()) - set(values))
    if strange:
        raise DataError(
            f"the test part has labels that the train part has not: {_some(strange)}; train has {_some(values)}"
        )
    return Labels(_numbers(train, known), _numbers(test, known), classes)


def _plain(column: pa.ChunkedArray, name: str, part: str) -> pa.ChunkedArray:
    """The column without dictionary or odd types, no value missing. Raises DataError."""
    if len(column) == 0:
        raise DataError(f"the {part} part is empty: it has no examples")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    if column.null_count:
        raise DataError(
            f"the label column '{name}' has {number_of(column.null_count, 'missing value')} in "
            f"{number_of(len(column), 'row')} of the {part} part: remove those rows or label them"
        )
    if pa.types.is_floating(column.type):
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise DataError(
                f"the label column '{name}' has fractions: classes must be whole numbers or text"
            ) from error
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_integer(kind):
        return column
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    raise DataError(f"the label column '{name}' is of type {kind}: labels must be whole numbers, text or booleans")


def _numbers(column: pa.ChunkedArray, known: pa.Array) -> Tensor:
    return torch.from_numpy(pc.index_in(column, value_set=known).to_numpy().astype("int64"))


def _some(values: Sequence[Any]) -> str:
    return ", ".join(f"'{value}'" for value in values[:5]) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
