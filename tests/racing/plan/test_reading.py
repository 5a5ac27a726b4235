"""A stored plan that is not one is refused by the field that is wrong."""

from typing import Any

import pytest

from sooner.racing.plan.plan import Plan
from sooner.racing.runs import read_entry
from tests.racing import made

STORED = made.plan("mine").to_dict()


def test_what_is_stored_is_read() -> None:
    assert Plan.from_dict(STORED, read_entry) == made.plan("mine")


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"pairs": "6"}, TypeError, "pairs must be int, not '6'"),
        ({"pairs": 0}, ValueError, "pairs must be 1 to 10000, not 0"),
        ({"pairs": 10**30}, ValueError, "pairs must be 1 to 10000"),
        ({"threads": 10**9}, ValueError, "threads must be 1 to 4096"),
        ({"workers": -1}, ValueError, "workers must be 0 to 4096, not -1"),
        ({"seed": -1}, ValueError, "seed must be 0 to"),
        ({"target": float("nan")}, TypeError, "target must be float, not nan"),
        ({"validation": 1.0}, ValueError, "a share of the data to validate on"),
        ({"device": None}, TypeError, "device must be str, not None"),
        ({"lanes": []}, ValueError, "a race has a lane at least"),
        ({"task": {**STORED["task"], "data": 3}}, TypeError, "task.data must be str, not 3"),
        ({"task": {**STORED["task"], "options": []}}, TypeError, r"task.options must be .*, not \[\]"),
        ({"rules": {**STORED["rules"], "detect": True}}, TypeError, "rules.detect must be float, not True"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Plan.from_dict({**STORED, **fields}, read_entry)
