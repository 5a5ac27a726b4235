import json
from typing import get_args

import pytest

from sooner.results.look_notices import EndedAtTarget, LooksLeftOut, LooksSkipped
from sooner.results.notices import (
    Drift,
    ExamplesSkipped,
    GridsDiffer,
    LanesRenamed,
    MachinesMixed,
    MixedCode,
    NodeRefused,
    Notice,
    OfRace,
    OtherPrograms,
    OwnSeconds,
    PaceDiffers,
    PaceVaried,
    PairsPooled,
    RunRepeated,
    RunsRetried,
    ScaleDoubted,
    SecondsUnused,
    Told,
    UnsteadyPace,
    from_fields,
    to_fields,
)
from sooner.results.suspicions import (
    CarriedOver,
    EvaluationLonger,
    FirstRunSlower,
    HeadStart,
    LeftBehind,
    MetricInflated,
    SeedIgnored,
    StartedAgain,
    StillComputing,
)

NOTICES: list[Notice] = [
    OtherPrograms(0.22),
    UnsteadyPace("x", 0.15),
    PaceDiffers("x", "y", 1.3, 1.2, 1.4),
    PaceVaried(1.4, 12),
    OwnSeconds(("x",)),
    SecondsUnused(("x", "y")),
    ScaleDoubted("x", 91.3, 0.93),
    ExamplesSkipped(3),
    MachinesMixed(("A100", "H200")),
    NodeRefused("node-b", "torch: began with 2.8, now 2.7"),
    RunRepeated("node-b", "x", 3, process_ended=False, saved=True),
    RunsRetried("x", (1, 2), ("it exited with status 1",), ("train.py",), repeated=True),
    MixedCode("x", 2, 6, ("train.py",)),
    GridsDiffer(("a", "b"), (100, 7)),
    LanesRenamed(("b",), ("x#2",)),
    PairsPooled(("a", "b")),
    LooksLeftOut("x", 95, 100, "y", 8.0, examples=False),
    LooksSkipped("x", 0.4),
    EndedAtTarget("x", 3, 8),
    Drift("b#2", "b", ("later",), "drifted", 6, 1.1, None),
    SeedIgnored("x", 8, 1),
    MetricInflated("x", "y", 0.08, 0.07, 0.09),
    EvaluationLonger("x", "y", 4.0, 0.5, 0.6),
    FirstRunSlower("x", 5.2, 1.0),
    CarriedOver("x", 0.1, 0.7),
    HeadStart("x", "y", 0.6, 0.1),
    StartedAgain("x", 6, 10, "y", 0, 10),
    StillComputing("x", "thread", "Thread-1 (work)", 0.5),
    LeftBehind("x", ("torch.set_default_dtype(torch.float64)", "gc.isenabled() is False")),
    Told("as it was told"),
    OfRace("a", MachinesMixed(("A100", "H200"))),
]


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.kind)
def test_a_notice_outlives_json(notice: Notice) -> None:
    assert from_fields(notice.kind, json.loads(json.dumps(to_fields(notice)))) == notice
    assert hash(notice) == hash(from_fields(notice.kind, to_fields(notice)))


def test_every_kind_is_tried() -> None:
    assert {type(notice) for notice in NOTICES} == set(get_args(Notice))


def test_what_makes_no_notice_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no kind of notice 'unheard_of'; this version knows other_programs, "):
        from_fields("unheard_of", {})
    with pytest.raises(ValueError, match=r"'unsteady_pace' cannot have the fields .*spread"):
        from_fields("unsteady_pace", {"lane": "x"})
