"""Parquet, CSV and Arrow files, alone or as the train and test part in a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from sooner.errors import DataError
from sooner.tasks._datasets import datasets
from sooner.tasks._memory import fits
from sooner.tasks._part import Part

KINDS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
TEST_NAMES = ("test", "validation", "valid", "val", "dev")  # which of them is the test part: the first that is there


def table_files(folder: Path) -> list[Path]:
    """The table files directly in a folder, by name; hidden ones do not count."""
    return sorted(f for f in folder.iterdir() if f.is_file() and f.suffix.lower() in KINDS and f.name[0] != ".")


def from_folder(folder: Path) -> tuple[Part, Part | None]:
    """The train and test part of a folder of table files: `train.*` and `test.*`, each maybe in numbered pieces.

    A folder with one file alone is all train. Raises DataError where it is unclear which file is what.
    """
    files = table_files(folder)
    train = _pieces(files, "train")
    tests = [pieces for name in TEST_NAMES if (pieces := _pieces(files, name))]
    if not train and not tests and len(files) == 1:
        train = files
    if not train:
        names = ", ".join(f.name for f in files[:10])
        raise DataError(f"{folder} has no train file: name it train.parquet, train.csv or the like; there is {names}")
    return open_part("train", train), open_part("test", tests[0]) if tests else None


def _pieces(files: list[Path], name: str) -> list[Path]:
    return [f for f in files if re.fullmatch(rf"{name}([-_.]?\d.*)?", f.stem.lower())]


def open_part(name: str, files: list[Path]) -> Part:
    """One part from one or more files of the same columns; `name` is "train" or "test".

    Tables are read whole, except those larger than a quarter of the available memory, which `datasets` turns into a
    memory-mapped file in its own cache, once. Raises DataError when a file is missing, damaged or without rows.
    """
    for file in files:
        if not file.is_file():
            raise DataError(f"the {name} part is missing: there is no file {file}")
    kinds = {KINDS[file.suffix.lower()] for file in files}
    origin = str(files[0]) if len(files) == 1 else f"{files[0]} (and {len(files) - 1} more)"
    if len(kinds) > 1:
        raise DataError(f"the {name} part is in files of different kinds ({', '.join(sorted(kinds))}): keep one kind")
    kind = kinds.pop()
    root = files[0].parent.resolve()
    if kind == "parquet" and not fits(sum(file.stat().st_size for file in files)):
        dataset = _mapped(kind, files, origin)
        return Part(name, dataset.data.table, origin, root, lambda: dataset)
    tables = [_read(kind, file) for file in files]
    for file, table in zip(files, tables, strict=True):
        names = table.column_names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DataError(f"{file} has several columns named {', '.join(map(repr, twice))}: give each its own name")
        if kind == "csv" and (odd := [name for name in names if pa.types.is_binary(table.column(name).type)]):
            raise DataError(f"{file} is not UTF-8 text (see column {odd[0]!r}): save it as UTF-8")
    try:
        table = pa.concat_tables(tables, promote_options="default")
    except pa.ArrowException as error:
        raise DataError(f"the pieces of {origin} do not have the same columns: {error}") from error
    if not len(table):
        raise DataError(f"{origin} is empty: it has no rows")
    return Part(name, table, origin, root, lambda: from_table(table) if kind == "csv" else _mapped(kind, files, origin))


def from_table(table: pa.Table) -> Any:
    """A `datasets.Dataset` over a table in memory: small, since it holds paths, not images."""
    return datasets("data larger than memory").Dataset(table)


def _read(kind: str, file: Path) -> pa.Table:
    try:
        if kind == "parquet":
            return parquet.ParquetFile(file).read()
        if kind == "arrow":
            return _arrow(file)
        return csv.read_csv(
            file,
            parse_options=csv.ParseOptions(
                delimiter="\t" if file.suffix.lower() == ".tsv" else ",", newlines_in_values=True
            ),
            # An empty cell is a missing value in text columns too; a quoted "NA" is text.
            convert_options=csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
        )
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{file} cannot be read as {kind.capitalize() if kind != 'csv' else 'CSV'}: {error}. "
            "It may be damaged or cut short: fetch or write it again"
        ) from error


def _arrow(file: Path) -> pa.Table:
    source = pa.memory_map(str(file))
    try:
        return pa.ipc.open_file(source).read_all()
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source).read_all()


def _mapped(kind: str, files: list[Path], origin: str) -> Any:
    package = datasets(f"{origin}, which does not fit into memory,")
    try:
        return package.load_dataset(kind, data_files=[str(file.resolve()) for file in files], split="train")
    except package.exceptions.DatasetGenerationError as error:
        raise DataError(f"{origin} cannot be read: {error.__cause__ or error}") from error
