from __future__ import annotations

import dataclasses

import pytest

from sooner.reporting.headlines import Tone, headlines, tone
from sooner.results.records import Comparison, Lane
from sooner.results.rescoring import withhold
from sooner.results.verdict import Cause, Finding, Reason
from tests.reporting.races import compared, race, realistic, run

TONES: dict[Finding, Tone] = {
    Finding.FASTER: "faster",
    Finding.SLOWER: "slower",
    Finding.EQUAL: "open",
    Finding.NOT_FASTER: "open",
    Finding.NO_DIFFERENCE: "open",
    Finding.OPEN: "open",
    Finding.NOT_REACHED: "none",
    Finding.NOT_REACHED_BY_OTHER: "none",
    Finding.NEITHER_REACHED: "none",
    Finding.TOO_FEW_PAIRS: "none",
    Finding.WITHHELD: "none",
}


@pytest.mark.parametrize("finding", Finding)
def test_every_finding_has_its_tone_whatever_the_lanes_are_called(finding: Finding) -> None:
    assert tone(Comparison("slower", "faster", 1.0, None, None, 6, None, finding)) == TONES[finding]


LANES = [
    Lane("baseline", "baseline", {"budget": "10ep"}, [run([0.1, 0.9])]),
    Lane("x", "lane", {"budget": "1ep", "sampling": "x"}, [run([0.1, 0.9])]),
    Lane("short", "control", {"budget": "1ep"}, [run([0.1, 0.9])]),
    Lane("random@x", "control", {"budget": "1ep", "sampling": "random"}, [run([0.1, 0.9])]),
    Lane("random-mask@x", "control", {"budget": "1ep", "sampling": "x", "sparsity": "random"}, [run([0.1, 0.9])]),
]
FASTER, SLOWER, OPEN = (2.0, 1.5, 2.5), (0.5, 0.4, 0.6), (1.0, 0.9, 1.1)


@pytest.mark.parametrize(
    ("comparisons", "sentence"),
    [
        ([], "is not compared with the baseline yet."),
        ([("baseline", OPEN)], "is not shown to differ from the baseline."),
        ([("baseline", FASTER), ("short", FASTER)],
         "is faster than the baseline and its fitted control. The method itself pays."),
        ([("baseline", FASTER), ("short", OPEN)],
         "is faster than the baseline but not shown to differ from its fitted control. "
         "Simply training for less may explain the gain."),
        ([("baseline", FASTER), ("short", SLOWER)],
         "is faster than the baseline but slower than its fitted control. Simply training for less pays better."),
        ([("baseline", OPEN), ("short", OPEN)], "is not shown to differ from the baseline or its fitted control."),
        ([("short", FASTER), ("baseline", SLOWER)],
         "is slower than the baseline but faster than its fitted control."),
        ([("baseline", FASTER), ("short", FASTER), ("random@x", OPEN)],
         "is faster than the baseline and its fitted control but not shown to differ from its random control. "
         "The method itself pays. Training on as much random data may explain the gain."),
        ([("baseline", OPEN), ("short", SLOWER)],
         "is not shown to differ from the baseline but is slower than its fitted control."),
        ([("short", FASTER)], "is faster than its fitted control."),
        ([("baseline", FASTER), ("random-mask@x", FASTER)],
         "is faster than the baseline and its random-mask control. The choice of weights pays."),
        ([("baseline", FASTER), ("random@x", FASTER), ("random-mask@x", OPEN)],
         "is faster than the baseline and its random control but not shown to differ from its random-mask control. "
         "The choice of examples pays. As many weights at random may explain the gain."),
    ],
)  # fmt: skip
def test_a_headline_says_what_the_comparisons_come_to(
    comparisons: list[tuple[str, tuple[float, float, float]]], sentence: str
) -> None:
    (headline,) = headlines(race(LANES, [compared("x", against, *values) for against, values in comparisons]))
    assert headline.sentence == sentence


def test_a_lane_that_never_reached_the_target_is_said_so() -> None:
    lanes = [LANES[0], Lane("x", "lane", {"sampling": "x"}, [run([0.1, 0.2]), run([0.1, 0.3], seed=1)])]
    (headline,) = headlines(race(lanes, [compared("x", "baseline", None, None, None, finding=Finding.NOT_REACHED)]))
    assert headline.sentence == "never reached the target: 0 of 2 runs."


def test_readings_name_the_relation_once_and_are_on_the_wall_clock() -> None:
    headline, _ = headlines(realistic())
    assert headline.lane.name == "rs2-30"
    told = [f"{reading.relation} {reading.comparison.against}" for reading in headline.readings]
    assert told == ["against the baseline", "against its fitted control baseline@3ep"]
    assert all(reading.comparison.clock == "wall" for reading in headline.readings)
    assert "schedule" in headline.readings[1].meaning


def test_two_lanes_side_by_side_are_a_reading_but_no_gain() -> None:
    lanes = [*LANES[:2], Lane("y", "lane", {"sampling": "y"}, [run([0.1, 0.9])])]
    found = headlines(race(lanes, [compared("x", "y", *FASTER), compared("x", "baseline", *OPEN)]))
    assert found[0].sentence == "is not shown to differ from the baseline."
    assert [reading.relation for reading in found[0].readings] == ["against the", "against the lane"]


def test_a_gain_that_is_withheld_is_no_gain() -> None:
    held = withhold(compared("x", "baseline", *FASTER), [Reason(Cause.CLOCK_DISTURBED)])
    (headline,) = headlines(race(LANES[:2], [held]))
    assert headline.sentence == "is without a verdict against the baseline."


def test_what_comes_without_the_method_is_a_verdict_of_its_own_behind_the_lane() -> None:
    fitted_control = compared("short", "baseline", *FASTER)
    lanes = [
        LANES[0],
        dataclasses.replace(LANES[1], opponents=["baseline", "short", "random@x"]),
        Lane("y", "lane", {"budget": "1ep", "sampling": "y"}, [run([0.1, 0.9])], opponents=["baseline", "short"]),
        *LANES[2:4],
    ]
    found = headlines(race(lanes, [compared("x", "baseline", *FASTER), fitted_control]))
    assert [(each.lane.name, each.sentence) for each in found[:3]] == [
        ("x", "is faster than the baseline."),
        ("short", "(the baseline trained for less) is faster than the baseline."),
        ("y", "is not compared with the baseline yet."),
    ]
    (reading,) = found[1].readings
    assert reading.comparison is fitted_control
    assert reading.meaning == "What simply training for less gains, without any method."
    assert len(found) == 3, "a control that is not compared with the baseline has found nothing"


@pytest.mark.parametrize("name", ["random-mask@x", "race 2: random-mask@x", "random@x"])
def test_a_control_isolates_what_it_leaves_to_chance_whatever_it_is_called(name: str) -> None:
    recipe = {"budget": "1ep", "sampling": {"name": "infobatch"}, "sparsity": {"name": "rigl", "sparsity": 0.9}}
    weights = {**recipe, "sparsity": {"name": "static", "sparsity": 0.9}}
    lanes = [LANES[0], Lane("x", "lane", recipe, [], opponents=["baseline", name]), Lane(name, "control", weights, [])]
    headline, *_ = headlines(race(lanes, [compared("x", name, *FASTER)]))
    (reading,) = headline.readings
    assert reading.relation == "against its random-mask control"
    assert reading.meaning.startswith("What choosing the weights adds.")


def test_a_program_is_not_said_to_follow_a_recipe() -> None:
    lanes = [Lane(lane.name, lane.role, {"command": lane.name}, lane.runs) for lane in LANES[:2]]
    (headline,) = headlines(race(lanes, [compared("x", "baseline", *FASTER)]))
    assert headline.readings[0].meaning == "What you gain over the baseline."
