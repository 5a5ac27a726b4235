import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sooner.errors import RecipeError
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.programs import Program
from sooner.racing.runs import read_entry

FULL = Program("a", "train {seed} {budget}", metric="acc=([0-9.]+)", budget="10", timeout=60.0, summary="slow")


def test_it_goes_through_json_and_back():
    assert Program.from_dict(json.loads(json.dumps(FULL.to_dict()))) == FULL
    lane = PlannedLane("a", "baseline", FULL)
    assert PlannedLane.from_dict(json.loads(json.dumps(lane.to_dict())), read_entry) == lane


def test_its_command_line_is_filled_in():
    assert FULL.arguments(3) == ["train", "3", "10"]
    assert FULL.at("2.5").arguments(4) == ["train", "4", "2.5"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": " "}, "has no name"),
        ({"command": "train {budget}"}, r"has no \{seed\}, so all its runs would be alike"),
        ({"budget": None}, r"its command has \{budget\}; give a budget"),
        ({"command": "train {seed}"}, r"budget of 10 was given, but .* has no \{budget\}"),
        ({"budget": "10ep"}, "the budget must be a number above 0, not '10ep'"),
        ({"budget": "-1"}, "above 0, not '-1'"),
        ({"budget": "inf"}, "above 0, not 'inf'"),
        ({"timeout": 0.0}, "timeout must be seconds above 0, not 0"),
        ({"timeout": float("nan")}, "timeout must be"),
        ({"metric": "acc=("}, "is no regular expression: .*unterminated"),
        ({"metric": "a{99999999999}"}, "is no regular expression"),
        ({"metric": "acc="}, "has 0 groups; put exactly the number in parentheses"),
        ({"metric": "(acc)=([0-9.]+)"}, "has 2 groups"),
        ({"metric": "(?P<step>[0-9]+)"}, "name its group"),
        ({"metric": "(?P<metric>.)(?P<epoch>.)"}, "a group named epoch; groups may be named metric, step"),
    ],
)
def test_what_would_not_work_is_refused_at_once(fields, says):
    with pytest.raises(RecipeError, match=says):
        Program(**{**FULL.to_dict(), **fields})


def test_a_program_without_a_budget_has_no_other():
    with pytest.raises(RecipeError, match=r"no \{budget\}"):
        Program("a", "train {seed}").at("5")


def test_a_plan_can_be_read_where_its_programs_are_not():
    assert Program("a", "no-such-program-here {seed}").arguments(0) == ["no-such-program-here", "0"]


_TEXT = st.text(st.sampled_from("{}sedbugt '" + r'"\()[]?P<>*+|.0-9' + chr(0)), max_size=25)


@given(_TEXT, _TEXT | st.none(), _TEXT | st.none(), st.none() | st.floats())
def test_anything_is_a_program_or_refused(
    command: str, metric: str | None, budget: str | None, timeout: float | None
) -> None:
    try:
        found = Program("a", f"train {{seed}} {command}", metric=metric, budget=budget, timeout=timeout)
    except RecipeError:
        return
    assert found.arguments(5)[:2] == ["train", "5"]
    assert Program.from_dict(found.to_dict()) == found
