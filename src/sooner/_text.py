"""Text of others, names above all, made fit to be shown: what would move, colour or reorder it is written out."""

from __future__ import annotations

import re

# Control characters (C0, C1, DEL), line separators, what sets the direction of text, halves of surrogate pairs.
_HIDDEN = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_OF_A_NAME = re.compile(f"[{_HIDDEN}]")
_OF_LINES = re.compile(f"(?![\n\t])[{_HIDDEN}]")


def visible(name: str) -> str:
    r"""`name` as one line of text a terminal and a page show as it is: "\x1b[2J" becomes "\\x1b[2J", so do newlines."""
    return _OF_A_NAME.sub(_written_out, name)


def printable(text: str) -> str:
    """The same for text of several lines: newlines and tabs stay."""
    return _OF_LINES.sub(_written_out, text)


def shown(value: object) -> object:
    """`printable` of plain text; all else, markup included, as it is: for what a template shows."""
    return printable(value) if type(value) is str else value


def is_visible(name: str) -> bool:
    """Whether it is shown as it is."""
    return _OF_A_NAME.search(name) is None


def require_visible(what: str, name: str) -> str:
    """`name`, or a ValueError that shows what is hidden in it; `what` it is the name of."""
    if not is_visible(name):
        raise ValueError(
            f"{what} must be one line of text without control characters, and '{visible(name)}' has some, written out "
            "here; give it another"
        )
    return name


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
