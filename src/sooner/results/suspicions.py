"""Notices of a lane whose lead may come from something else than its training: one record per kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Left = Literal["thread", "process"]


@dataclass(frozen=True)
class SeedIgnored:
    """The metrics of so many `runs` of `lane` are those of no more than `distinct` runs, to rounding."""

    kind: ClassVar[str] = "seed_ignored"
    lane: str
    runs: int
    distinct: int


@dataclass(frozen=True)
class MetricInflated:
    """The validation metric of `lane` lies further above its test metric than that of `than`, by `by`.

    Attributes:
        by: of the metric, at the ends of the runs, above 0; its 95% interval over the pairs is `ci_low` to `ci_high`.
    """

    kind: ClassVar[str] = "metric_inflated"
    lane: str
    than: str
    by: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class EvaluationLonger:
    """An evaluation took `seconds` off the clock in `lane`, and `than_seconds` in `than`: medians.

    Attributes:
        share: what the difference comes to over a run, of the lane's seconds on the clock; may be above 1.
    """

    kind: ClassVar[str] = "evaluation_longer"
    lane: str
    than: str
    seconds: float
    than_seconds: float
    share: float


@dataclass(frozen=True)
class FirstRunSlower:
    """A step of the first run of `lane` took `times` as long as one of its later runs, and in other lanes `others`."""

    kind: ClassVar[str] = "first_run_slower"
    lane: str
    times: float
    others: float


@dataclass(frozen=True)
class CarriedOver:
    """The first evaluation of the first run of `lane` gave the metric `first`, that of its later runs `later`."""

    kind: ClassVar[str] = "carried_over"
    lane: str
    first: float
    later: float


@dataclass(frozen=True)
class HeadStart:
    """Before any training the metric of `lane` was `metric`, and that of `than` was `than_metric`: medians."""

    kind: ClassVar[str] = "head_start"
    lane: str
    than: str
    metric: float
    than_metric: float


@dataclass(frozen=True)
class StartedAgain:
    """So many (`again`) of the `runs` of `lane` were interrupted and begun again or taken up, and of `than` fewer."""

    kind: ClassVar[str] = "started_again"
    lane: str
    again: int
    runs: int
    than: str
    than_again: int
    than_runs: int


@dataclass(frozen=True)
class LeftBehind:
    """Runs of `lane` left these settings of the process changed, written as code; they were put back after each."""

    kind: ClassVar[str] = "left_behind"
    lane: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class StillComputing:
    """What a run of `lane` had started, a thread or a process of this `name`, took this share of a core after it."""

    kind: ClassVar[str] = "still_computing"
    lane: str
    what: Left
    name: str
    share: float


Suspicion = (
    SeedIgnored
    | MetricInflated
    | EvaluationLonger
    | FirstRunSlower
    | CarriedOver
    | HeadStart
    | StartedAgain
    | LeftBehind
    | StillComputing
)
