"""One finished run as the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sooner.training.evaluation import Evaluation


@dataclass(frozen=True)
class RunRecord:
    """A finished run as it is stored: what happened, before any target or comparison."""

    lane: str
    seed: int
    started: str
    finished: str
    steps: int
    examples: int
    seconds: float  # on the clock
    looks: list[Evaluation]
    phases: dict[str, float]
    test_metric: float | None = None
    peak_memory_bytes: int | None = None
    flops: float | None = None
    stopped: str | None = None
    resumed: int = 0  # times it was taken up again from a checkpoint, or from its start
    output: str | None = None  # the end of what a program wrote, where it failed
    energy_joules: float | None = None  # of the devices, measured over the whole run
    host: str = ""  # the machine it ran on, where there were several
    sparse_flops: float | None = None  # of the live weights alone, where weights are masked


def now() -> str:
    """The time as a record keeps it: UTC in ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
