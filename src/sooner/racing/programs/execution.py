"""A program under way: its process, what it writes, and what it reports."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import IO

from sooner._report import VARIABLE
from sooner.racing.programs.reading import Reader, Reading, UnreadableError
from sooner.racing.programs.reports import Message, Reports
from sooner.racing.programs.text import Lines, Tail
from sooner.racing.programs.tree import Tree

MOST_READINGS = 10_000  # more would be no evaluations, but a pattern that matches anything
_CHUNK = 2**16
_DRAIN = 1.0  # seconds for the streams to end after their process


@dataclass(frozen=True)
class Exit:
    """How a process ended: `status` as `subprocess` gives it, below 0 for a signal."""

    moment: float
    status: int


class Execution:
    """Starts a program in its own session and reads its output and its reports.

    A context manager: on leaving, the program's processes that still run are ended, and the rest of its output is read.

    Args:
        arguments: the words of its command line.
        environment: all of its environment but SOONER_REPORT.
        folder: an empty one, for its reports.
        reader: finds the metric in a line of its stdout.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, reader: Reader) -> None:
        path = folder / "reports"
        self.tail = Tail()
        self.unreadable: str | None = None  # what was wrong with the last metric that could not be read
        self.readings = 0  # from stdout
        self.exit: Exit | None = None
        self._messages: SimpleQueue[Message] = SimpleQueue()
        self._ended = Event()
        self.started = self._heard = time.monotonic()
        self._reports = Reports(path, self.started)
        self._process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, VARIABLE: str(path)},
            start_new_session=True,
        )
        self.tree = Tree(self._process.pid, str(path))
        streams = ((self._process.stdout, reader), (self._process.stderr, None))
        self._listeners = [Thread(target=self._listen, args=stream, daemon=True) for stream in streams]
        for thread in (*self._listeners, Thread(target=self._await_exit, daemon=True)):
            thread.start()

    def __enter__(self) -> Execution:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._join()  # read what has been written before other processes that hold the streams open are ended
        finally:
            self.tree.end()
        self._join()

    def wait(self, seconds: float) -> bool:
        """Whether the program has ended, after waiting for it for at most `seconds`."""
        return self._ended.wait(seconds)

    @property
    def silent(self) -> float:
        """Seconds since it last wrote or reported anything."""
        return time.monotonic() - max(self._heard, self._reports.heard)

    def news(self) -> list[Message]:
        """Its messages since the last call, in the order of time."""
        messages = self._reports.read()
        while True:
            try:
                messages.append(self._messages.get_nowait())
            except Empty:
                return sorted(messages, key=lambda message: message.moment)

    def _join(self) -> None:
        if self._ended.is_set():
            until = time.monotonic() + _DRAIN
            for thread in self._listeners:
                thread.join(max(0.0, until - time.monotonic()))

    def _await_exit(self) -> None:
        status = self._process.wait()
        self.exit = Exit(time.monotonic(), status)
        self._ended.set()

    def _listen(self, stream: IO[bytes], reader: Reader | None) -> None:
        lines = Lines()
        with stream:
            while chunk := os.read(stream.fileno(), _CHUNK):
                self._heard = time.monotonic()
                self._hear(lines.feed(chunk), reader)
            self._hear(lines.close(), reader)

    def _hear(self, lines: list[str], reader: Reader | None) -> None:
        moment = self._heard
        for line in lines:
            self.tail.add(line)
            reading = self._read(line, reader) if reader else None
            if reading is not None and self.readings <= MOST_READINGS:
                self.readings += 1
                self._messages.put(Message(moment, reading))

    def _read(self, line: str, reader: Reader) -> Reading | None:
        try:
            return reader(line)
        except UnreadableError as error:
            self.unreadable = str(error)
            return None
