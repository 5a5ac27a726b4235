"""What a race found, as plain records: the content of `results.json`, and all that the report is made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Role = Literal["lane", "baseline", "control"]
FORMAT = 1


@dataclass(frozen=True)
class Evaluation:
    """One look at the validation metric. Seconds are on the race's clock: training time, evaluation excluded."""

    seconds: float
    calibrated_seconds: float
    step: int
    examples: int
    metric: float


@dataclass(frozen=True)
class Run:
    """One lane with one seed. A run that did not reach the target is censored: its times to target are None."""

    seed: int
    hit: bool
    time_to_target_s: float | None
    calibrated_time_to_target_s: float | None
    steps_to_target: float | None
    examples_to_target: float | None
    budget_s: float  # seconds on the clock when the run ended: where a censored run is censored
    calibrated_budget_s: float
    final_metric: float | None
    test_metric: float | None
    phases: dict[str, float]  # seconds by phase; "evaluate" and "checkpoint" are listed but not on the clock
    evaluations: list[Evaluation]
    steps: int = 0
    examples: int = 0
    flops: float | None = None  # forward and backward, counted, not timed
    peak_memory_bytes: int | None = None
    stopped: str | None = None  # why it ended before its budget ("loss became nan at step 312"), None if it did not


@dataclass(frozen=True)
class Lane:
    """A recipe in the race. `recipe` is the complete recipe as it was run; `added_for` says why a control is there."""

    name: str
    role: Role
    recipe: dict[str, Any]
    runs: list[Run]
    added_for: str | None = None


@dataclass(frozen=True)
class CurvePoint:
    """The comparison of two lanes at one target; infinite bounds and unknown ratios are None in JSON."""

    target: float
    ratio: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class Comparison:
    """Time to target of `against` divided by that of `lane`, seed by seed: above 1 the lane is faster.

    `clock` tells which time the figures are of; `ratio` is None where no run pair determines it, and a bound is None
    where it is infinite or zero (the censored runs leave it open).
    """

    lane: str
    against: str
    ratio: float | None
    ci_low: float | None
    ci_high: float | None
    pairs: int
    p_value: float | None
    verdict: str
    hits: int = 0  # of the lane's runs
    against_hits: int = 0
    clock: str = "wall"
    curve: list[CurvePoint] = field(default_factory=list)


@dataclass(frozen=True)
class Results:
    """A whole race. `started` is ISO 8601 in UTC; `complete` is false while runs are missing."""

    task: str
    target: float
    metric: str
    protocol: str
    device: str
    started: str
    lanes: list[Lane]
    comparisons: list[Comparison]
    complete: bool = True
    model: str = ""
    pairs: int = 0
    evaluate_every: int = 0  # examples between evaluations, the same in every lane
    machine: dict[str, Any] = field(default_factory=dict)  # cpu, cores, threads, memory, accelerator, load, ...
    versions: dict[str, str] = field(default_factory=dict)  # sooner, python, torch, ...
    data: dict[str, Any] = field(default_factory=dict)  # n_train, n_validation, n_test, classes, fingerprint, ...
    warnings: list[str] = field(default_factory=list)
    format: int = FORMAT

    def to_json(self) -> str:
        """The text of `results.json`."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        lanes = [
            Lane(
                **{
                    **lane,
                    "runs": [
                        Run(**{**run, "evaluations": [Evaluation(**e) for e in run["evaluations"]]})
                        for run in lane["runs"]
                    ],
                }
            )
            for lane in raw["lanes"]
        ]
        comparisons = [
            Comparison(**{**c, "curve": [CurvePoint(**point) for point in c["curve"]]}) for c in raw["comparisons"]
        ]
        return cls(**{**raw, "lanes": lanes, "comparisons": comparisons})

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read a `results.json`."""
        return cls.from_json(path.read_text())
