"""What a program writes, cut into lines and remembered at its end, in bounded memory whatever comes."""

from __future__ import annotations

import re
from collections import deque

_LONGEST = 2**16  # bytes of a line that are looked at
_LINES = 20
_CHARACTERS = 4096
# Escape sequences of terminals (ECMA-48), and control characters but tab and newline.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Lines:
    """Cuts a stream of bytes into lines, each as a terminal shows it when it ends.

    What was written over after a carriage return is left out, so the redraws of a progress bar are no lines. Of a
    line longer than 64 KiB the end is kept. Bytes that are not UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        self._open = bytearray()

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that `chunk` ends."""
        *ended, rest = chunk.split(b"\n")
        lines = []
        for part in ended:
            lines.append(_shown(bytes(self._open) + part))
            self._open.clear()
        self._open += rest
        del self._open[:-_LONGEST]
        return lines

    def close(self) -> list[str]:
        """The last line, where nothing ended it."""
        return self.feed(b"\n") if self._open else []


def _shown(line: bytes) -> str:
    return line.rstrip(b"\r").rpartition(b"\r")[2][-_LONGEST:].decode("utf-8", "replace")


class Tail:
    """The last 20 lines, of at most 4,096 characters together, as plain text."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES)

    def add(self, line: str) -> None:
        """Remember a line. May be called from several threads."""
        self._lines.append(line[-_CHARACTERS:])

    @property
    def text(self) -> str | None:
        """None where nothing was written."""
        return plain("\n".join(self._lines)) or None


def plain(text: str) -> str:
    """The end of `text`, without what would colour, move or garble a terminal."""
    lines = _CONTROL.sub("", text).strip("\n").split("\n")
    return "\n".join(lines[-_LINES:])[-_CHARACTERS:]
