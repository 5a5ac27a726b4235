"""Columns of a table to standardised float32 rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sooner._words import number_of
from sooner.errors import DataError
from sooner.tasks._part import Part

MOST_CATEGORIES = 32  # a text column with more distinct values is refused, not turned into that many inputs

Matrix = NDArray[np.float64]


def matrices(train: Part, test: Part | None, label: str) -> tuple[Matrix, Matrix | None, NDArray[np.bool_]]:
    """(n, F) values of all columns but `label`, of train and of test, and which of the F are to be standardised.

    Numbers stay one column each, to be standardised. Booleans become 0 and 1, and text one 0-or-1 column per value
    found in train, in sorted order (a value found in test alone is 0 in all of them); those stay as they are.

    Raises DataError on missing or infinite values, types without a meaning as numbers, text of many values, and a
    test part without some of the columns.
    """
    columns = [name for name in train.table.column_names if name != label and not name.startswith("__index_level_")]
    if not columns:
        raise DataError(f"{train.origin} has no column beside '{label}': there is nothing to learn from")
    if "" in columns:
        raise DataError(
            f"{train.origin} has a column without a name, most likely saved row numbers: write the file without them "
            "(pandas: index=False) or name the column"
        )
    if test is not None and (absent := [name for name in columns if name not in test.table.column_names]):
        raise DataError(f"{test.origin} lacks columns of the train part: {', '.join(absent)}")
    parts = [train] if test is None else [train, test]
    for part in parts:
        _complete(part, columns)
    blocks: list[list[Matrix]] = [[] for _ in parts]
    numeric: list[bool] = []
    for name in columns:
        made = _column(name, parts)
        for block, values in zip(blocks, made, strict=True):
            block.append(values)
        kind = _value_type(train.table.column(name))
        numeric += [_is_number(kind)] * made[0].shape[1]
    stacked = [np.concatenate(block, axis=1) for block in blocks]
    return stacked[0], stacked[1] if test is not None else None, np.array(numeric)


def standardise(values: Matrix, like: Matrix, numeric: NDArray[np.bool_]) -> NDArray[np.float32]:
    """`values` with the mean and deviation of `like` taken out of the `numeric` columns; a constant becomes zeros."""
    low = like.min(axis=0)
    constant = low == like.max(axis=0)
    # A constant column's computed mean and deviation are off by rounding; its value is exact.
    mean = np.where(numeric, np.where(constant, low, like.mean(axis=0)), 0.0)
    deviation = np.where(numeric & ~constant, like.std(axis=0), 1.0)
    return ((values - mean) / deviation).astype(np.float32)


def _value_type(column: pa.ChunkedArray) -> pa.DataType:
    return column.type.value_type if pa.types.is_dictionary(column.type) else column.type


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _complete(part: Part, columns: list[str]) -> None:
    missing: dict[str, int] = {}
    for name in columns:
        column = part.table.column(name)
        count = column.null_count
        if pa.types.is_floating(column.type):
            count += len(column) - count - (pc.sum(pc.is_finite(column)).as_py() or 0)
        if count:
            missing[name] = count
    if missing:
        named = ", ".join(f"'{name}' ({count:,})" for name, count in list(missing.items())[:10])
        more = f" and {number_of(len(missing) - 10, 'more column')}" if len(missing) > 10 else ""
        raise DataError(
            f"{part.origin} has missing or infinite values in {number_of(len(part.table), 'row')}: {named}{more}; "
            "fill them, or remove the rows or columns"
        )


def _column(name: str, parts: list[Part]) -> list[Matrix]:
    """The (n, f) values of one column in each part."""
    columns = [part.table.column(name) for part in parts]
    kind = _value_type(columns[0])
    try:
        columns = [column.cast(_value_type(column)) for column in columns]
        if pa.types.is_boolean(kind):
            # Booleans have no direct cast to float64.
            columns = [column.cast(kind).cast(pa.uint8()) for column in columns]
        if _is_number(kind) or pa.types.is_boolean(kind):
            return [column.cast(pa.float64(), safe=False).to_numpy().reshape(-1, 1) for column in columns]
        columns = [column.cast(pa.string()) for column in columns] if _is_text(kind) else []
    except pa.ArrowException as error:
        types = " but ".join(f"{part.table.column(name).type} in {part.name}" for part in parts)
        raise DataError(f"column '{name}' is {types}: give it one type") from error
    if not columns:
        raise DataError(
            f"column '{name}' is of type {kind}, which has no meaning as a number: turn it into numbers or remove it"
        )
    return _one_hot(name, columns)


def _one_hot(name: str, columns: list[pa.ChunkedArray]) -> list[Matrix]:
    values = sorted(pc.unique(columns[0]).to_pylist())
    if len(values) > MOST_CATEGORIES:
        raise DataError(
            f"column '{name}' is text with {len(values):,} distinct values, more than the {MOST_CATEGORIES} that are "
            "turned into inputs: turn it into numbers, group its values, or remove it"
        )
    known = pa.array(values, type=pa.string())
    codes = [pc.fill_null(pc.index_in(column, value_set=known), -1).to_numpy() for column in columns]
    return [(code[:, None] == np.arange(len(values))).astype(np.float64) for code in codes]
