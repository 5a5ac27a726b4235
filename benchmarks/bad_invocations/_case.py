"""One bad invocation, and what is wrong with how it ended."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

ALLOWED = (0, 2, 130)
# What would move or colour a terminal, or reorder its text; newlines and tabs do not.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

Step = list[str] | Callable[[], object]


@dataclass(frozen=True)
class Case:
    """Invocations, one after the other, and what must hold afterwards.

    Attributes:
        kind: of the case.
        steps: arguments of the command line, or a call of the library.
        statuses: how each may end.
        own: a traceback in what is printed may be that of the user's own program.
        keeps: folders of races: what has finished there must be in the store afterwards, or the store as it was.
        unchanged: files that must be as they were, links followed.
        absent: files that code writes which must not run.
        folder: the working directory of the steps.
    """

    kind: str
    steps: Sequence[Step]
    statuses: Sequence[int] = ALLOWED
    own: bool = False
    keeps: Sequence[Path] = ()
    unchanged: Sequence[Path] = ()
    absent: Sequence[Path] = ()
    folder: Path | None = None
    before: dict[Path, object] = field(default_factory=dict)

    def note(self) -> None:
        """Remember how things are before the steps."""
        self.before.update({path: digest(path) for path in self.unchanged})
        self.before.update({folder: (digest(folder / "race.db"), finished(folder)) for folder in self.keeps})

    def faults(self, ended: Sequence[tuple[int | str, str]]) -> list[str]:
        """What is wrong with how the steps ended: status or traceback, and what each printed."""
        found = []
        for status, printed in ended:
            if status not in self.statuses:
                found.append(f"ended with {status}, allowed {list(self.statuses)}: {printed[-1500:]}")
            if "Traceback" in printed and not self.own:
                found.append(f"printed a traceback: {printed[-1500:]}")
            if status == 2 and not printed.strip():
                found.append("failed without a word")
            if hidden := HIDDEN.search(printed):
                found.append(f"printed {hidden[0]!r}: {printed[max(0, hidden.start() - 200) :][:400]!r}")
        for path in self.unchanged:
            if digest(path) != self.before[path]:
                found.append(f"changed {path}")
        for path in self.absent:
            if path.exists():
                found.append(f"ran code that wrote {path}")
        for folder in self.keeps:
            content, runs = self.before[folder]  # type: ignore[misc]
            lost = runs - finished(folder)
            if lost and digest(folder / "race.db") != content:
                found.append(f"lost {len(lost)} finished runs of {folder}")
        return found


def digest(path: Path) -> str:
    """Of a file's bytes, "" where it is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def finished(folder: Path) -> set[tuple[object, ...]]:
    """The finished runs in a store, read without sooner; none where it cannot be read at all."""
    path = folder / "race.db"
    if not path.is_file():
        return set()
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return set(database.execute("SELECT lane, seed, steps, examples, seconds FROM runs").fetchall())
    except (sqlite3.Error, UnicodeDecodeError, OverflowError):
        return set()
