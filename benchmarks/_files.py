"""How results are written: JSON in which every entry of a list is one line, and rows of one shape are a table.

A change of one run is then a change of one line, and keys are not repeated in every row.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_WIDTH = 120

Row = dict[str, Any]


def text(value: Any) -> str:
    """JSON of `value`: what fits stays on one line, and so does every entry of a list, however long.

    Raises ValueError for a number that JSON does not have (infinity, NaN).
    """
    return _text(value, "") + "\n"


def write(path: Path, value: Any) -> None:
    """Write `text` of `value`: whole, or not at all if the program is stopped meanwhile."""
    beside = path.with_suffix(".part")
    beside.write_text(text(value))
    os.replace(beside, path)


def table(rows: Sequence[Mapping[str, Any]], digits: int = 5) -> dict[str, Any]:
    """The rows with their keys once, in the order in which they first stand; a key that a row lacks is null there.

    Args:
        rows: of numbers, words and lists.
        digits: decimals to which numbers are kept.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return {"columns": columns, "rows": [[rounded(row.get(key), digits) for key in columns] for row in rows]}


def rows(kept: Mapping[str, Any]) -> list[Row]:
    """What `table` was made of; a key that a row lacked has the value None."""
    return [dict(zip(kept["columns"], row, strict=True)) for row in kept["rows"]]


def rounded(value: Any, digits: int) -> Any:
    """`value` with every float in its lists and dicts rounded to so many decimals."""
    match value:
        case float():
            return round(value, digits)
        case dict():
            return {key: rounded(each, digits) for key, each in value.items()}
        case list() | tuple():
            return [rounded(each, digits) for each in value]
    return value


def _text(value: Any, indent: str) -> str:
    line = json.dumps(value, allow_nan=False, separators=(",", ":") if isinstance(value, list) else (", ", ": "))
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_text(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}}}"
    if not any(isinstance(each, dict | list) for each in value):
        return line
    parts = [json.dumps(each, allow_nan=False, separators=(",", ":")) for each in value]
    return "[\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}]"
