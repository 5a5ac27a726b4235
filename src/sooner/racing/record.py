"""One finished run as the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sooner.training.evaluation import Evaluation

# How the reasons begin of runs that ended early by what their lane does: those of `sooner.training`, then those of
# programs and functions.
_RESULTS = ("the loss became ", "the loss exploded ", "nothing was trained on", "its last metric was ")


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
    told_seconds: bool = False  # a program told its own; `Program.own_seconds` says whether they were used
    reference: float | None = None  # mean seconds of the workload of `racing/machine/reference.py` beside it
    environment: int = 0  # which of the race's environments it was made in, see `sooner.racing.provenance`
    left_behind: list[str] = field(default_factory=list)  # settings it left changed, which the race notes

    @property
    def failed(self) -> bool:
        """Whether it crashed, hung or gave no metric, so that it says nothing of its lane.

        A run that diverged, or had nothing to train on, ended by what its lane does: that is a result, as a target
        missed is one.
        """
        return self.stopped is not None and not self.stopped.startswith(_RESULTS)


def now() -> str:
    """The time as a record keeps it: UTC in ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
