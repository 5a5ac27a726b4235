"""What every source of data is read into first: columns, with nothing decoded yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sooner.errors import DataError
from sooner.tasks._images import SUFFIXES, Encoded


@dataclass(frozen=True)
class Options:
    """The options of `load_data`, under the same names."""

    label: str | None = None
    skip_bad: bool = False
    in_memory: bool | None = None
    image_size: int | None = None


@dataclass(frozen=True)
class Part:
    """The train or the test part of a data set.

    Attributes:
        name: "train" or "test", for messages.
        table: its columns, memory-mapped where they are large.
        origin: the file, folder or hub name, for messages.
        root: where relative image paths start.
        mapped: opens the same rows as a memory-mapped `datasets.Dataset`.
    """

    name: str
    table: pa.Table
    origin: str
    root: Path
    mapped: Callable[[], Any]

    def describe(self, row: int, image: Encoded) -> str:
        """What to call an image in a message: its path where it has one, else its row."""
        if isinstance(image, Path):
            return str(image.relative_to(self.root) if image.is_relative_to(self.root) else image)
        return f"{self.name} row {row}"


def label_column(part: Part, label: str | None, usual: tuple[str, ...] = ("label",)) -> str:
    """The column that holds the labels: the one asked for, else the first of the `usual` names that is there.

    Raises DataError, listing the columns, when there is none.
    """
    names = part.table.column_names
    if label is None:
        for name in usual:
            if name in names:
                return name
        raise DataError(f"{part.origin} has no column '{usual[0]}': name the label column with --label; {_list(names)}")
    if label in names:
        return label
    close = get_close_matches(label, names, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    raise DataError(f"{part.origin} has no column '{label}'{hint}; {_list(names)}")


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
    return f"its columns are: {shown}" if names else "it has no columns"


def image_column(part: Part, label: str) -> str | None:
    """The column that holds images: bytes, a struct with `bytes`, or paths of image files. None for a table of values.

    Raises DataError when there are several.
    """
    columns = [name for name in part.table.column_names if name != label and _holds_images(part.table.column(name))]
    if len(columns) > 1:
        raise DataError(f"{part.origin} has several image columns ({', '.join(columns)}): leave one")
    return columns[0] if columns else None


def _holds_images(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if pa.types.is_struct(kind):
        return bool(kind.get_field_index("bytes") >= 0)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        first = next((value.as_py() for value in column if value.is_valid), "")
        return Path(first).suffix.lower() in SUFFIXES
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def encoded(column: pa.ChunkedArray, root: Path) -> list[Encoded]:
    """The images of a column: the bytes where it holds them, else where each file lies."""
    if pa.types.is_struct(column.type):
        values = pc.struct_field(column, "bytes").to_pylist()  # far quicker than a dictionary for each row
        if column.type.get_field_index("path") >= 0 and not all(values):
            paths = pc.struct_field(column, "path").to_pylist()
            values = [value or path for value, path in zip(values, paths, strict=True)]
    else:
        values = column.to_pylist()
    return [root / value if isinstance(value, str) else value for value in values]


def class_names(table: pa.Table, column: str) -> list[str] | None:
    """The class names of an integer column, where the file was written by `datasets` and says them."""
    try:
        features = json.loads((table.schema.metadata or {})[b"huggingface"])["info"]["features"]
        names = features[column]["names"]
    except (KeyError, ValueError, TypeError):
        return None
    return [str(name) for name in names]
