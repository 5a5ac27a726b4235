"""The file to which `sooner.report` writes, as it grows."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sooner.racing.programs.reading import Reading, UnreadableError, read_fields
from sooner.racing.programs.text import Lines

_MOST = 2**20  # bytes at a time


@dataclass(frozen=True)
class Message:
    """What a program sent at `moment` (of `time.monotonic`): a metric, a pause of its clock, or the end of one."""

    moment: float
    reading: Reading | None = None
    pause: bool = False
    resume: bool = False
    reported: bool = False  # by `sooner.report`, not in what it writes
    error: bool = False  # on stderr


class Reports:
    """Reads what is new in the file at `path`, which need not be there yet.

    Its moments are used if they lie between the start of the program and now, as they do where all processes share
    one monotonic clock; else the moments of arrival are used.
    """

    def __init__(self, path: Path, started: float) -> None:
        self._path = path
        self._started = started
        self._at = 0
        self._lines = Lines()
        self.heard = started  # when something new was last there

    def read(self) -> list[Message]:
        """What was reported since the last call. Lines that are not reports are ignored."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                chunk = file.read(_MOST)
        except FileNotFoundError:
            return []
        now = time.monotonic()
        if chunk:
            self._at += len(chunk)
            self.heard = now
        return [message for line in self._lines.feed(chunk) if (message := self._message(line.text, now)) is not None]

    def _message(self, line: str, now: float) -> Message | None:
        try:
            fields = json.loads(line)
            if "pause" in fields:
                return Message(self._moment(fields["pause"], now), pause=True)
            reading = read_fields(fields) if "metric" in fields else None
            return Message(self._moment(fields["resume"], now), reading, resume=True, reported=True)
        except (ValueError, TypeError, KeyError, RecursionError, UnreadableError):
            return None

    def _moment(self, stamp: Any, now: float) -> float:
        return float(stamp) if self._started <= stamp <= now else now
