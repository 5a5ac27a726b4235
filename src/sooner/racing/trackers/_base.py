"""The protocol of a sink, where a tracker's runs are written, and the race that they belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sooner.results.notices import Notice
from sooner.results.records import Comparison
from sooner.training.evaluation import Evaluation

Value = str | int | float | bool


@dataclass(frozen=True)
class Race:
    """The race whose runs are tracked.

    Attributes:
        folder: of the race.
        task: its name.
        metric: its name.
        id: of this race and no other, in hexadecimal; the same when it is resumed.
    """

    folder: Path
    task: str
    metric: str
    id: str

    @property
    def group(self) -> str:
        """What all runs of the race have in common, for a person to read."""
        return f"{Path(self.task).name}-{self.id[:8]}"

    def run_id(self, name: str) -> str:
        """The id of the run `name`: the same whenever it is written, and of no other race."""
        return hashlib.sha256(f"{self.id}/{name}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Wording:
    """How a tracker says in words what it shows to people: a race does not know how it is shown."""

    verdict: Callable[[Comparison], str]
    notice: Callable[[Notice], str]


class Sink(Protocol):
    """Where one tracker's runs are written. At most one run is open; all methods are called from one thread.

    Made from a `Race`. It may raise anything: the caller lets the race go on.
    """

    @staticmethod
    def packages() -> tuple[str, ...]:
        """The modules that must be there to import."""
        ...

    def begin(self, name: str, params: Mapping[str, Value]) -> None:
        """Open the run `name`, in place of any that was written under this name for this race.

        A run that is still open is left as one that did not finish.
        """
        ...

    def log(self, looks: Sequence[Evaluation]) -> None:
        """Write the race's metric and `seconds` of the open run, over examples."""
        ...

    def end(self, metrics: Mapping[str, float], notes: Mapping[str, str]) -> None:
        """Write what the open run amounts to, and end it. A note named "stopped" says why it ended early."""
        ...

    def close(self) -> None:
        """Leave an open run as one that did not finish, and let go of everything."""
        ...
