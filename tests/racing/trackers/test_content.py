from dataclasses import replace

import pytest

from sooner.racing.plan.plan import Plan
from sooner.racing.plan.rules import Rules
from sooner.racing.trackers import Wording, _content
from sooner.results.notices import Told
from tests.racing.trackers.conftest import looks, make_plan, record
from tests.reporting.races import compared, race


def test_a_recipe_is_flattened_whole(plan: Plan) -> None:
    found = _content.params(plan.lanes[1])
    assert found["sampling.name"] == "rs2"
    assert found["sampling.fraction"] == 0.1
    assert found["lane"] == "rs2-10"
    assert found["role"] == "lane"
    assert all(isinstance(value, str | int | float | bool) for value in found.values())


def test_a_run_of_the_fitted_protocol_has_its_budget(plan: Plan) -> None:
    lane = _content.lane_of(plan, "rs2-10@2ep")
    assert lane is not None
    assert lane.entry.budget == "2ep"
    assert _content.lane_of(plan, "gone") is None
    assert _content.lane_of(plan, "gone@2ep") is None
    assert _content.lane_of(plan, "baseline") == plan.lanes[0]


def test_a_trial_has_the_rate_that_it_tries(plan: Plan) -> None:
    trial = _content.lane_of(plan, "rs2-10@lr=0.0125")
    assert trial is not None
    assert _content.params(trial)["optimizer.lr"] == 0.0125
    fitted = _content.lane_of(replace(plan, rungs=("1ep", "2ep")), "rs2-10@lr=0.0125")
    assert fitted is not None
    assert (fitted.entry.budget, _content.params(fitted)["optimizer.lr"]) == ("2ep", 0.0125)


def test_a_run_that_misses_has_no_time_to_target(plan: Plan) -> None:
    found = _content.outcome(record("baseline", 0, looks(0.1, 0.5), energy_joules=12.5), plan)
    assert "time_to_target" not in found
    assert found["reached_target"] == 0.0
    assert found["total_seconds"] == 2.0
    assert found["energy_joules"] == 12.5


def test_under_the_fitted_protocol_a_run_counts_by_its_end() -> None:
    plan = make_plan(rules=Rules(protocol="fitted"))
    found = _content.outcome(record("baseline@2ep", 0, looks(0.1, 0.95)), plan)
    assert found["time_to_target"] == 2.0
    fell = _content.outcome(record("baseline@2ep", 0, looks(0.95, 0.95, 0.8)), plan)
    assert "time_to_target" not in fell
    assert "time_to_target" not in _content.outcome(record("baseline@2ep", 0, [], stopped="crashed"), plan)


def test_notes_are_what_there_is_to_say() -> None:
    found = _content.notes(record("baseline", 0, [], stopped="crashed", output="Traceback", resumed=2))
    assert found["stopped"] == "crashed"
    assert found["output"] == "Traceback"
    assert found["resumed"] == "2"
    assert "host" not in found


def test_verdicts_tell_clocks_and_confirmation_apart() -> None:
    results = race(
        [],
        [
            compared("a", "b", 1.5, 1.2, None),
            compared("a", "b", 1.4, 1.1, 1.6, clock="examples"),
            compared("a", "b", 1.3, 1.1, 1.6, confirmation=True),
        ],
        notices=[Told("noisy")],
    )
    figures, words = _content.verdicts(
        results, Wording(lambda c: f"{c.finding} {c.clock}", lambda each: f"noticed: {each.kind}")
    )
    assert {name: value for name, value in figures.items() if name.endswith("ratio")} == {
        "a vs b/wall/ratio": 1.5,
        "a vs b/examples/ratio": 1.4,
        "a vs b/wall/confirmation/ratio": pytest.approx(1.3),
    }
    assert "a vs b/wall/ci_high" not in figures
    assert words["a vs b/wall"] == "faster wall"
    assert words["a vs b/examples"] == "faster examples"
    assert words["warning 1"] == "noticed: told"
