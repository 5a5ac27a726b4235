"""Notices about a race in addition to its figures, as data: one record per kind, worded where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from sooner._text import visible
from sooner._types import require_types
from sooner.results.look_notices import EndedAtTarget, LooksLeftOut, LooksSkipped
from sooner.results.suspicions import Suspicion

Drifted = Literal["unknown", "none_shown", "drifted"]

# What else than a file may differ between the code of two runs.
SOURCE = "function:source"
REPOSITORY = "git:repository"


@dataclass(frozen=True)
class OtherPrograms:
    """Other programs used this share, in [0, 1], of the machine's cores when the race started."""

    kind: ClassVar[str] = "other_programs"
    share: float


@dataclass(frozen=True)
class UnsteadyPace:
    """Seconds per step of `lane` varied between its runs; `spread` is their standard deviation over their mean.

    Versions up to 0.2.0 noted it; it cannot tell an unsteady machine from steps that differ in cost.
    """

    kind: ClassVar[str] = "unsteady_pace"
    lane: str
    spread: float


@dataclass(frozen=True)
class PaceDiffers:
    """The machine was `ratio` times slower during the runs of `slower` than of `than`, by the fixed workload.

    The 95% interval over the pairs is `ci_low` to `ci_high`, above 1.
    """

    kind: ClassVar[str] = "pace_differs"
    slower: str
    than: str
    ratio: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class PaceVaried:
    """The fixed workload took `ratio` times as long beside the slow ones of so many `runs` as beside the fast ones."""

    kind: ClassVar[str] = "pace_varied"
    ratio: float
    runs: int


@dataclass(frozen=True)
class OwnSeconds:
    """The times of these programs are the seconds that they told of themselves, as was asked for."""

    kind: ClassVar[str] = "own_seconds"
    lanes: tuple[str, ...]


@dataclass(frozen=True)
class SecondsUnused:
    """These programs told seconds of themselves, which were not used."""

    kind: ClassVar[str] = "seconds_unused"
    lanes: tuple[str, ...]


@dataclass(frozen=True)
class ScaleDoubted:
    """A run of `lane` gave this metric for this target, which look like a percentage and a share, or the reverse."""

    kind: ClassVar[str] = "scale_doubted"
    lane: str
    metric: float
    target: float


@dataclass(frozen=True)
class ExamplesSkipped:
    """So many examples could not be read and were left out."""

    kind: ClassVar[str] = "examples_skipped"
    count: int


@dataclass(frozen=True)
class MachinesMixed:
    """The runs were made on several kinds of machine, each pair on one."""

    kind: ClassVar[str] = "machines_mixed"
    machines: tuple[str, ...]


@dataclass(frozen=True)
class NodeRefused:
    """A node of a cluster took no part; `error` is what it raised."""

    kind: ClassVar[str] = "node_refused"
    node: str
    error: str


@dataclass(frozen=True)
class RunRepeated:
    """A run was lost with its worker and made again: from its last save if `saved`, else from its start.

    With `process_ended` its process was ended, else its node is gone or cut off.
    """

    kind: ClassVar[str] = "run_repeated"
    node: str
    lane: str
    seed: int
    process_ended: bool
    saved: bool


@dataclass(frozen=True)
class RunsRetried:
    """Runs of `lane` with these `seeds` failed and were, or are to be, `repeated`.

    Attributes:
        failures: why, in the order of the attempts, each with the last line that it wrote.
        changed: what of the code differed between the attempts: names of files, `SOURCE` or `REPOSITORY`.
        repeated: the runs have been repeated; else they are still missing.
    """

    kind: ClassVar[str] = "runs_retried"
    lane: str
    seeds: tuple[int, ...]
    failures: tuple[str, ...]
    changed: tuple[str, ...]
    repeated: bool


@dataclass(frozen=True)
class MixedCode:
    """So many of the `runs` of `lane` were made with other code than the race's other runs: `changed` differs.

    Attributes:
        count: of the lane's runs that were.
        runs: that the lane has.
        changed: as of `RunsRetried`.
    """

    kind: ClassVar[str] = "mixed_code"
    lane: str
    count: int
    runs: int
    changed: tuple[str, ...]


@dataclass(frozen=True)
class GridsDiffer:
    """Pooled races were evaluated every so many examples, which differ; `every` has one entry per race."""

    kind: ClassVar[str] = "grids_differ"
    races: tuple[str, ...]
    every: tuple[int, ...]


@dataclass(frozen=True)
class LanesRenamed:
    """Lanes of pooled `races` have another name there, because theirs was taken."""

    kind: ClassVar[str] = "lanes_renamed"
    races: tuple[str, ...]
    lanes: tuple[str, ...]


@dataclass(frozen=True)
class PairsPooled:
    """These races have no seed in common, so their pairs count together."""

    kind: ClassVar[str] = "pairs_pooled"
    races: tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """What the baseline, run again in later `races`, shows of the machine between them and the first.

    Attributes:
        later, first: the names of the two baselines.
        pairs: seeds that both ran; too few where the drift is unknown.
        ci_low, ci_high: 95% interval of the later one's speed over the first one's, on the wall clock.
    """

    kind: ClassVar[str] = "drift"
    later: str
    first: str
    races: tuple[str, ...]
    drifted: Drifted
    pairs: int
    ci_low: float | None = None
    ci_high: float | None = None


@dataclass(frozen=True)
class Told:
    """A sentence, shown as it is: versions up to 0.2.0 kept nothing else."""

    kind: ClassVar[str] = "told"
    text: str


@dataclass(frozen=True)
class OfRace:
    """A notice of one of several pooled races."""

    kind: ClassVar[str] = "of_race"
    race: str
    notice: Notice


Notice = (
    OtherPrograms
    | UnsteadyPace
    | PaceDiffers
    | PaceVaried
    | OwnSeconds
    | SecondsUnused
    | ScaleDoubted
    | ExamplesSkipped
    | MachinesMixed
    | NodeRefused
    | RunRepeated
    | RunsRetried
    | MixedCode
    | GridsDiffer
    | LanesRenamed
    | PairsPooled
    | LooksLeftOut
    | LooksSkipped
    | EndedAtTarget
    | Drift
    | Told
    | OfRace
    | Suspicion
)
_KINDS: dict[str, type[Notice]] = {notice.kind: notice for notice in Notice.__args__}


def to_fields(notice: Notice) -> dict[str, Any]:
    """Its fields as plain data, without the kind."""
    values = {field.name: getattr(notice, field.name) for field in fields(notice)}
    if isinstance(notice, OfRace):
        values["notice"] = {"kind": notice.notice.kind, **to_fields(notice.notice)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def from_fields(kind: str, given: Mapping[str, Any]) -> Notice:
    """The notice of this kind with these fields, as `to_fields` gave them; fields of later versions are ignored.

    Raises ValueError for a kind that this version does not know, and for fields that are missing.
    """
    known = _KINDS.get(kind)
    if known is None:
        raise ValueError(f"there is no kind of notice '{kind}'; this version knows {', '.join(_KINDS)}")
    names = {field.name for field in fields(known)}
    values: dict[str, Any] = {}
    for name in names & given.keys():
        values[name] = tuple(given[name]) if isinstance(given[name], list) else given[name]
    if known is OfRace:
        values["notice"] = from_fields(given["notice"]["kind"], given["notice"])
    try:
        made = known(**values)
        require_types(made)
        return Told(visible(made.text)) if isinstance(made, Told) else made
    except TypeError as error:
        raise ValueError(f"a notice '{kind}' cannot have the fields {sorted(given)}: {error}") from error
