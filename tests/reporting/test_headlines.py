from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sooner.reporting.headlines import Headline, Tone, headlines, tone
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
         "Training on as much random data may explain the gain."),
        ([("baseline", FASTER), ("short", FASTER), ("random@x", FASTER)],
         "is faster than the baseline and its fitted control and its random control. "
         "The method itself pays. The choice of examples pays."),
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


SGD = {"name": "sgd", "lr": 0.4}
EMA, LOOKAHEAD = {"name": "ema", "decay": 0.9}, [{"name": "lookahead"}]


def plain(name: str, role: str = "lane", against: list[str] | None = None, **fields: Any) -> Lane:
    """A lane of the baseline's recipe but for these fields."""
    recipe = {"name": name, "budget": "40ep", "batch_size": 64, "optimizer": SGD, "sampling": {"name": "reshuffle"}}
    return Lane(name, role, {**recipe, **fields}, [run([0.1, 0.9])], opponents=against or ["baseline"])  # type: ignore[arg-type]


def told(lane: Lane, others: list[Lane], tones: dict[str, tuple[float, float, float]], **more: Any) -> Headline:
    lanes = [plain("baseline", "baseline"), lane, *others]
    comparisons = [compared(lane.name, against, *values) for against, values in tones.items()]
    return headlines(race(lanes, comparisons, **more))[0]


def test_a_lane_without_a_method_is_a_recipe_and_what_it_changes_is_listed() -> None:
    none = plain("none", against=["baseline", "short"], budget="20ep", optimizer={**SGD, "lr": 0.05})
    found = told(none, [plain("short", "control", budget="20ep")], {"baseline": FASTER, "short": FASTER})
    assert found.sentence == (
        "is faster than the baseline and its fitted control. "
        "It changes no method; it differs from the baseline in: learning rate 0.4 to 0.05, budget 40ep to 20ep."
    )
    assert found.readings[1].meaning.startswith("What these changes add: learning rate 0.4 to 0.05. The control is ")
    assert not any("method itself" in reading.meaning for reading in found.readings)


RS2 = {"name": "rs2", "fraction": 0.3}


@pytest.mark.parametrize(
    ("alone", "end"),
    [
        (FASTER, "rs2. The method itself pays. Its fitted control differs from it in more than rs2: learning rate 0.4 "
                 "to 0.05."),
        (OPEN, "rs2. Its fitted control differs from it in more than rs2: learning rate 0.4 to 0.05. "
               "The same recipe without rs2 may gain as much."),
        (SLOWER, "rs2. Its fitted control differs from it in more than rs2: learning rate 0.4 to 0.05. "
                 "The same recipe without rs2 pays better."),
    ],
)  # fmt: skip
def test_beside_another_rate_only_the_control_at_that_rate_tells_whether_the_method_pays(
    alone: tuple[float, float, float], end: str
) -> None:
    changed: dict[str, Any] = {"budget": "12ep", "optimizer": {**SGD, "lr": 0.05}}
    mine = plain("mine", against=["baseline", "short", "left"], sampling=RS2, **changed)
    left = plain("left", "control", **changed, summary="mine without rs2, with reshuffle as the baseline has it.")
    others = [plain("short", "control", budget="12ep"), left]
    found = told(mine, others, {"baseline": FASTER, "short": FASTER, "left": alone})
    assert found.sentence.endswith(end)
    assert found.readings[1].meaning.startswith("What rs2 and other changes add together: learning rate 0.4 to 0.05. ")
    assert found.readings[2].relation == "against its control without rs2"
    assert found.readings[2].meaning == (
        "What rs2 itself adds. The control is mine without rs2, with reshuffle as the baseline has it, all else kept."
    )


def test_without_a_control_in_the_method_alone_it_is_not_said_to_pay() -> None:
    mine = plain("mine", sampling=RS2, optimizer={**SGD, "lr": 0.05})
    assert told(mine, [], {"baseline": FASTER}).sentence == "is faster than the baseline."
    # At the baseline's budget and rate the baseline is that control.
    alone = plain("mine", averaging=EMA)
    assert told(alone, [], {"baseline": FASTER}).sentence == "is faster than the baseline. The method itself pays."
    shorter = plain("mine", averaging=EMA, budget="20ep")
    assert told(shorter, [], {"baseline": FASTER}).sentence == "is faster than the baseline."
    fitted = told(shorter, [], {"baseline": FASTER}, protocol="fitted", rungs=["20ep", "40ep"])
    assert fitted.sentence == "is faster than the baseline. The method itself pays."


def test_of_several_methods_each_is_spoken_of_by_its_own_control() -> None:
    both = plain("both", against=["baseline", "a", "b"], averaging=EMA, wrappers=LOOKAHEAD)
    others = [plain("a", "control", wrappers=LOOKAHEAD), plain("b", averaging=EMA)]
    found = told(both, others, {"baseline": FASTER, "a": FASTER, "b": OPEN})
    assert found.sentence == (
        "is faster than the baseline and its control without ema. ema itself pays. ema and lookahead together pay. "
        "b, the same recipe without lookahead, may gain as much."
    )
    assert [reading.relation for reading in found.readings] == [
        "against the", "against its control without ema", "against the lane"
    ]  # fmt: skip


def test_the_seconds_that_a_control_got_are_no_difference() -> None:
    small = plain("small", against=["baseline", "c"], augmentation=[{"name": "efficienttrain"}])
    found = told(small, [plain("c", "control", budget="28ep")], {"baseline": FASTER, "c": FASTER})
    assert found.sentence == "is faster than the baseline and its fitted control. The method itself pays."


def test_another_optimizer_is_told_that_rates_do_not_carry_over() -> None:
    changed: dict[str, Any] = {"budget": "20ep", "batch_size": 128}
    lamb = plain("lamb", against=["baseline", "c"], **changed, optimizer={"name": "lamb", "lr": 0.01})
    control = plain("c", "control", **changed, summary="lamb without lamb, with sgd.")
    found = told(lamb, [control], {"baseline": FASTER, "c": FASTER})
    assert found.sentence.endswith("control without lamb. The method itself pays.")
    assert found.readings[1].meaning.endswith(
        "all else kept, and at the baseline's learning rate, as rates do not carry over from one optimizer to another."
    )


def test_a_control_without_a_method_says_so_in_its_own_line() -> None:
    mine = plain("mine", against=["baseline", "c"], averaging=EMA, budget="20ep", batch_size=128)
    control = plain("c", "control", budget="20ep", batch_size=128)
    lanes = [plain("baseline", "baseline"), mine, control]
    _, found = headlines(race(lanes, [compared("mine", "c", *FASTER), compared("c", "baseline", *FASTER)]))
    assert found.sentence == "(mine without ema) is faster than the baseline."
    assert found.readings[0].meaning == "What is gained without that method, by all else that the lane changes."


def test_programs_have_no_methods_to_speak_of() -> None:
    lanes = [Lane(lane.name, lane.role, {"command": lane.name, "budget": "9"}, lane.runs) for lane in LANES[:2]]
    (headline,) = headlines(race(lanes, [compared("x", "baseline", *FASTER)]))
    assert headline.sentence == "is faster than the baseline."
