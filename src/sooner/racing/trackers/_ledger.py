"""Which race this is, and which of its runs each tracker holds already: `tracking.json` in the race's folder."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

from sooner import files
from sooner.racing.record import RunRecord

NAME = "tracking.json"


class Ledger:
    """The runs that have been written whole, by tracker. Safe to use from several threads.

    A file that cannot be read is a new beginning: all runs are written again, in a group of their own.

    Args:
        folder: of the race.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._lock = threading.Lock()
        try:
            kept = json.loads(self._path.read_text())
            self.race: str = kept["race"]
            self._runs: dict[str, list[tuple[str, int]]] = {
                tracker: [(lane, seed) for lane, seed in runs] for tracker, runs in kept["runs"].items()
            }
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            self.race = uuid.uuid4().hex
            self._runs = {}

    def holds(self, tracker: str, record: RunRecord) -> bool:
        """Whether `tracker` has this run."""
        return (record.lane, record.seed) in self._runs.get(tracker, [])

    @classmethod
    def forget(cls, folder: Path, records: Sequence[RunRecord]) -> None:
        """Let these runs of the race in `folder` be written again; nothing where it has no ledger.

        Raises OSError where that cannot be written.
        """
        if not records or not (folder / NAME).exists():
            return
        ledger, gone = cls(folder), {(record.lane, record.seed) for record in records}
        ledger._runs = {tracker: [run for run in runs if run not in gone] for tracker, runs in ledger._runs.items()}
        ledger.save()

    def add(self, tracker: str, record: RunRecord) -> None:
        """Keep that `tracker` has this run. Raises OSError where that cannot be written."""
        with self._lock:
            self._runs.setdefault(tracker, []).append((record.lane, record.seed))
        self.save()

    def save(self) -> None:
        """Put the file on the disk, whole or not at all: what is written from now on is of this race when it resumes.

        Raises OSError where that is not possible.
        """
        with self._lock:
            files.write_text(self._path, json.dumps({"race": self.race, "runs": self._runs}))
