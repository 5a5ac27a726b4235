"""What a program writes, cut into lines and remembered at its end, in bounded memory whatever comes."""

from __future__ import annotations

import re
from collections import deque
from threading import Lock
from typing import NamedTuple

_LONGEST = 2**16  # bytes of a line that are looked at
_LINES = 20
_OF_EACH = 5  # of them at least are the last of each stream
_CHARACTERS = 4096
_END = re.compile(rb"\r+\n?|\n")
# Escape sequences of terminals (ECMA-48 and ECMA-35), and control characters but tab and newline.
_CONTROL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]+[0-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


class Line(NamedTuple):
    """A line of plain text; `over`, where a terminal shows it in place of the line before it in its stream."""

    text: str
    over: bool = False


class Lines:
    """Cuts a stream of bytes into lines, which end with a newline, a carriage return, or both.

    So each redraw of a progress bar is a line. Of a line longer than 64 KiB the end is kept, colours and other
    escape sequences of terminals are left out, and bytes that are not UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        self._open = bytearray()
        self._returned = False  # a carriage return ended the line before
        self._over = False  # and the open one is written over it

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that `chunk` ends."""
        if self._returned:  # what ended the line before may go on
            chunk = chunk.lstrip(b"\r")
            self._returned = not chunk
            if chunk.startswith(b"\n"):
                self._over, chunk = False, chunk[1:]
        lines, start = [], 0
        for end in _END.finditer(chunk):
            lines.append(Line(_text(bytes(self._open) + chunk[start : end.start()]), self._over))
            self._open.clear()
            self._over, start = not end[0].endswith(b"\n"), end.end()
        self._open += chunk[start:]
        del self._open[:-_LONGEST]
        self._returned = self._returned or chunk.endswith(b"\r")
        return lines

    def close(self) -> list[Line]:
        """The last line, where nothing ended it."""
        return self.feed(b"\n") if self._open else []


def _text(line: bytes) -> str:
    return _CONTROL.sub("", line[-_LONGEST:].decode("utf-8", "replace"))


class Tail:
    """The last 20 lines of all streams, the last 5 of each among them, as plain text of at most 4,096 characters.

    Of lines that are written over each other the last one is kept.
    """

    def __init__(self) -> None:
        self._streams: dict[int, deque[tuple[int, str]]] = {}
        self._count = 0
        self._lock = Lock()

    def add(self, line: Line, stream: int = 1) -> None:
        """Remember a line of a stream. May be called from several threads."""
        with self._lock:
            lines = self._streams.setdefault(stream, deque(maxlen=_LINES))
            if line.over and lines:
                lines.pop()
            self._count += 1
            lines.append((self._count, line.text[-_CHARACTERS:]))

    @property
    def text(self) -> str | None:
        """None where nothing was written."""
        with self._lock:
            streams = [list(lines) for lines in self._streams.values()]
        kept = [line for lines in streams for line in lines[-_OF_EACH:]]
        others = sorted(line for lines in streams for line in lines[:-_OF_EACH])
        kept += others[max(0, len(others) + len(kept) - _LINES) :]
        return plain("\n".join(text for _, text in sorted(kept))) or None


def plain(text: str) -> str:
    """The end of `text`, without what would colour, move or garble a terminal."""
    lines = _CONTROL.sub("", text).strip("\n").split("\n")
    return "\n".join(lines[-_LINES:])[-_CHARACTERS:]
