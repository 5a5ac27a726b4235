"""The results of a race, as plain records: the content of `results.json`, and all that the report is made from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from sooner._text import printable, visible
from sooner._types import require_types
from sooner.results.notices import Notice, Told, from_fields, to_fields
from sooner.results.tuning import Tuning
from sooner.results.verdict import Cause, Finding, Reason, Verdict, judge
from sooner.statistics.comparison import ComparisonFigures, CurvePoint
from sooner.statistics.signed_rank import ALPHA
from sooner.statistics.survival import Survival

Role = Literal["lane", "baseline", "control"]
Clock = Literal["wall", "examples"]
FORMAT = 1
SHARE = 0.5  # fitted protocol: of the seeds that must reach the target, unless a race says otherwise


@dataclass(frozen=True)
class Evaluation:
    """One look at the validation metric. Seconds are on the race's clock: training time, evaluation excluded."""

    seconds: float
    step: int
    examples: int
    metric: float
    budget: str | None = None  # fitted protocol: the rung whose end this is


@dataclass(frozen=True)
class Run:
    """One lane with one seed. A run that did not reach the target is censored: its times to target are None."""

    seed: int
    hit: bool
    time_to_target_s: float | None
    steps_to_target: float | None
    examples_to_target: float | None
    budget_s: float  # seconds on the clock when the run ended: where a censored run is censored
    final_metric: float | None
    test_metric: float | None
    phases: dict[str, float]  # seconds by phase; "evaluate" and "checkpoint" are listed but not on the clock
    evaluations: list[Evaluation]
    steps: int = 0
    examples: int = 0
    flops: float | None = None  # forward and backward, counted, not timed
    sparse_flops: float | None = None  # of live weights alone, where weights are masked; no kernel saves them
    peak_memory_bytes: int | None = None
    stopped: str | None = None  # why it ended before its budget ("loss became nan at step 312"), None if it did not
    output: str | None = None  # the end of what a program wrote, where it failed
    energy_joules: float | None = None  # of the devices, measured; None where the machine does not measure it
    host: str = ""  # the machine it ran on, where there were several
    reference_s: float | None = None  # mean seconds of the fixed workload that was timed beside it, off the clock
    resumed: int = 0  # times it was taken up again from a checkpoint, or from its start
    left_out: list[int] = field(default_factory=list)  # places of evaluations that are not scored
    noise: list[float] = field(default_factory=list)  # of the metric at each scored look, as its lane shows it
    attempts: int = 1  # this one and those before it that failed; of a fitted race at all its budgets


@dataclass(frozen=True)
class Rung:
    """One budget of the fitted protocol: runs whose schedule was fitted to it."""

    budget: str
    seconds: float  # median over its runs
    examples: float
    metric: float  # median of the final metric
    low: float  # least and greatest final metric
    high: float
    hits: int
    runs: int


@dataclass(frozen=True)
class Lane:
    """A recipe in the race. `recipe` is the complete recipe as it was run; `added_for` says why a control is there.

    Under the fitted protocol `runs` has one entry per seed whose `evaluations` are the ends of its runs at each rung,
    so "time to target" is the smallest budget, in seconds, that reaches it.
    """

    name: str
    role: Role
    recipe: dict[str, Any]
    runs: list[Run]
    added_for: str | None = None
    opponents: list[str] = field(default_factory=list)  # lanes it is compared with, the baseline first
    survival: list[Survival] = field(default_factory=list)  # one per clock
    rungs: list[Rung] = field(default_factory=list)  # fitted protocol: the ladder, smallest budget first
    smallest_budget: str | None = None  # fitted protocol: the smallest that reaches the target in enough seeds
    dropped_after: int | None = None  # pairs after which it was stopped, because it could not win any more
    own_seconds: bool = False  # its times are what its program told of itself, not the race's clock
    metric_noise: float | None = None  # sd of one look where its runs cross the target, or at their end; None unknown
    counts_examples: bool = True  # false where no run told its examples: those in it are steps, and compare nothing
    tuning: Tuning | None = None  # how the learning rate in `recipe` was found, where it was searched


@dataclass(frozen=True)
class Comparison:
    """Time to target of `against` divided by that of `lane`, seed by seed: above 1 the lane is faster.

    `clock` says which time the figures are of; `ratio` is None where no run pair determines it, and a bound is None
    where it is infinite or zero (the censored runs leave it open). `finding` is what the figures show, see `judge`; of
    which some may not be claimed, see `claims.allowed`.
    """

    lane: str
    against: str
    ratio: float | None
    ci_low: float | None
    ci_high: float | None
    pairs: int
    p_value: float | None
    finding: Finding
    reasons: tuple[Reason, ...] = ()  # for a finding that is open or withheld
    hits: int = 0  # of the lane's runs
    against_hits: int = 0
    clock: str = "wall"
    looks: int = 1  # times that the race could have ended with this comparison; the interval allows for them
    alpha: float = 0.05  # the share of false verdicts that this look may have; 5% over all looks and lanes
    any_alpha: float | None = None  # the same at each of all targets, for one chosen after the race; None not computed
    within: float | None = None  # where runs missed the target: the budget that a finding holds within, on its clock
    detect: float | None = None  # the difference of speed that the finding is to show or exclude
    pairs_needed: int | None = None  # about how many show a difference of 10%; None as read from version 0.2.0
    confirmation: bool = False  # on fresh seeds, after the race was decided
    cost_ratio: float | None = None  # expected running time of `against` / that of `lane`; no verdict rests on it
    cost_low: float | None = None
    cost_high: float | None = None
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
    notices: list[Notice] = field(default_factory=list)  # what a reader should know before believing the figures
    detect: float | None = None  # the difference of speed that the race was to find or exclude
    rungs: list[str] = field(default_factory=list)  # fitted protocol: all budgets, the smallest first
    share: float = 0.5  # fitted protocol: of the seeds that must reach the target
    price_per_hour: float | None = None  # what an hour on this machine costs, in the user's currency
    confirmation: dict[str, list[Run]] = field(default_factory=dict)  # by lane: runs on fresh seeds
    family: int = 1  # lanes that share the 5% of false verdicts; in version 0.2.0 each had its own
    set_before: float | None = None  # the target that was fixed before the race, where `target` was chosen after it
    looked: list[int] = field(default_factory=list)  # numbers of pairs at which it was seen before more were added
    earlier: list[Comparison] = field(default_factory=list)  # what it showed then, on the wall clock
    format: int = FORMAT

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, which `from_dict` reads; the words of `results.json` are added by `reporting`."""
        notices = [{"kind": notice.kind, **to_fields(notice)} for notice in self.notices]
        return {**asdict(self), "notices": notices}

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Results:
        """Read what `to_dict` gave, or the content of a `results.json`, of version 0.2.0 or later.

        Its words are ignored: where a file of 0.2.0 has a verdict in words alone, it is computed again from the
        figures. Fields that later versions added are ignored, too, as are times on the calibrated clock, which versions
        up to 0.2.0 had: where the steps of a lane differ in cost it could give the opposite of the truth. Raises
        TypeError where a field has another type than its record declares, and KeyError or ValueError where it cannot
        be read at all.
        """
        lanes = [
            Lane(
                **{
                    **_known(Lane, lane),
                    "runs": [_run(run) for run in lane["runs"]],
                    "survival": [
                        Survival(**estimate) for estimate in lane.get("survival", []) if _known_clock(estimate)
                    ],
                    "rungs": [Rung(**_known(Rung, rung)) for rung in lane.get("rungs", [])],
                    "tuning": Tuning.from_dict(lane["tuning"]) if lane.get("tuning") else None,
                }
            )
            for lane in raw["lanes"]
        ]
        fresh = {name: [_run(run) for run in runs] for name, runs in raw.get("confirmation", {}).items()}
        made = cls(
            **{
                **_known(cls, raw),
                "lanes": lanes,
                "comparisons": [
                    _comparison(stored, raw.get("detect")) for stored in raw["comparisons"] if _known_clock(stored)
                ],
                "confirmation": fresh,
                "earlier": [_comparison(stored, raw.get("detect")) for stored in raw.get("earlier", [])],
                "notices": _notices(raw),
            }
        )
        require_types(made)
        return made

    @classmethod
    def from_json(cls, text: str) -> Results:
        """The same from text. Control characters in it, but for what programs wrote, are written out."""
        raw = json.loads(text)
        return cls.from_dict(_visible(raw) if _HIDDEN.search(text) else raw)

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read a `results.json`."""
        return cls.from_json(path.read_text(encoding="utf-8"))


# In JSON, as an escape or as they are; most files have none, and are not walked.
_HIDDEN = re.compile(r"\\[bfnrtu]|[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_OF_LINES = ("output", "command", "summary")


def _visible(raw: Any, key: str = "") -> Any:
    """`raw` with every text in it made fit to be shown, names of fields included."""
    if isinstance(raw, str):
        return printable(raw) if key in _OF_LINES else visible(raw)
    if isinstance(raw, list):
        return [_visible(each, key) for each in raw]
    if isinstance(raw, dict):
        return {visible(name): _visible(each, name) for name, each in raw.items()}
    return raw


def _known(record: type, raw: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(record)}
    return {name: value for name, value in raw.items() if name in names}


def _known_clock(raw: Mapping[str, Any]) -> bool:
    return raw.get("clock", "wall") in get_args(Clock)


def _run(raw: Mapping[str, Any]) -> Run:
    looks = [Evaluation(**_known(Evaluation, look)) for look in raw["evaluations"]]
    return Run(**{**_known(Run, raw), "evaluations": looks})


def _comparison(raw: Mapping[str, Any], detect: float | None) -> Comparison:
    known = {**_known(Comparison, raw), "curve": [CurvePoint(**point) for point in raw.get("curve", [])]}
    if "finding" in raw:
        reasons = tuple(Reason(Cause(reason["cause"]), tuple(reason["names"])) for reason in raw["reasons"])
        return Comparison(**{**known, "finding": Finding(raw["finding"]), "reasons": reasons})
    verdict = _judged_again(raw, detect)
    return Comparison(**{**known, "finding": verdict.finding, "reasons": verdict.reasons, "detect": detect})


def _judged_again(raw: Mapping[str, Any], detect: float | None) -> Verdict:
    """The verdict on a comparison of version 0.2.0, from the figures that it holds."""
    figures = ComparisonFigures(
        ratio=raw["ratio"],
        ci_low=raw["ci_low"],
        ci_high=raw["ci_high"],
        pairs=raw["pairs"],
        p_value=raw["p_value"],
        hits=raw["hits"],
        against_hits=raw["against_hits"],
        pairs_needed=0,  # no part of the verdict
        looks=raw.get("looks", 1),
        alpha=raw.get("alpha", ALPHA),
    )
    return judge(figures, detect=detect)


def _notices(raw: Mapping[str, Any]) -> list[Notice]:
    texts = raw.get("warnings", [])
    if "notices" not in raw:
        return [Told(text) for text in texts]
    notices: list[Notice] = []
    for place, stored in enumerate(raw["notices"]):
        try:
            notices.append(from_fields(stored["kind"], stored))
        except ValueError:  # a kind of a later version
            if place >= len(texts):
                raise
            notices.append(Told(texts[place]))
    return notices
