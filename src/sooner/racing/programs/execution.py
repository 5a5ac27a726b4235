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
from sooner.racing.programs.text import Line, Lines, Tail
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
        reader: finds the metric in a line of its stdout or stderr.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, reader: Reader) -> None:
        path = folder / "reports"
        self.tail = Tail()
        self.exit: Exit | None = None
        self._messages: SimpleQueue[Message] = SimpleQueue()
        self._unreadable: dict[int, str] = {}
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
        streams = ((self._process.stdout, 1), (self._process.stderr, 2))
        self._listeners = [Thread(target=self._listen, args=(*stream, reader), daemon=True) for stream in streams]
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

    @property
    def unreadable(self) -> str | None:
        """What was wrong with the last metric that could not be read, on stdout before stderr."""
        return self._unreadable.get(1) or self._unreadable.get(2)

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

    def _listen(self, stream: IO[bytes], number: int, reader: Reader) -> None:
        lines, readings = Lines(), _Readings(reader)
        with stream:
            open_ = True
            while open_:
                chunk = os.read(stream.fileno(), _CHUNK)
                moment = time.monotonic()
                open_ = bool(chunk)
                if open_:
                    self._heard = moment
                for line in lines.feed(chunk) if open_ else lines.close():
                    self.tail.add(line, number)
                    reading = readings.of(line)
                    if reading is not None:
                        self._messages.put(Message(moment, reading, error=number == 2))
                if readings.unreadable is not None:
                    self._unreadable[number] = readings.unreadable


class _Readings:
    """The metrics in the lines of a stream.

    A line that is written over another and shows the same is that evaluation drawn again: it would confirm itself.
    """

    def __init__(self, reader: Reader) -> None:
        self.unreadable: str | None = None
        self._reader = reader
        self._count = 0
        self._last: Reading | None = None  # in the line before

    def of(self, line: Line) -> Reading | None:
        """What is new in the line; nothing once there were far too many."""
        before = self._last
        try:
            self._last = self._reader(line.text)
        except UnreadableError as error:
            self._last, self.unreadable = None, str(error)
        if self._last is None or (line.over and self._last == before) or self._count > MOST_READINGS:
            return None
        self._count += 1
        return self._last
