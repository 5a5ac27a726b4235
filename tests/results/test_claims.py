"""Which comparisons may claim something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sooner.racing import race as racing
from sooner.racing.scoring import score
from sooner.racing.store import Store
from sooner.results.claims import allowed, withhold
from sooner.results.records import Comparison, Lane, Results
from sooner.results.verdict import Cause, Finding, Reason
from tests.racing.made import plan, record


def comparison(against: str, finding: Finding, lane: str = "x", pairs: int = 6) -> Comparison:
    return Comparison(lane, against, 1.5, 1.2, 1.9, pairs, 0.01, finding)


def race(*roles: str, complete: bool = True, **more: object) -> Results:
    names = {"baseline": "baseline", "lane": "x", "control": "c"}
    lanes = [Lane(names[role], role, {}, []) for role in roles]  # type: ignore[arg-type]
    made = Results("digits", 0.9, "accuracy", "first-hit", "cpu", "", lanes, [], complete=complete, pairs=6)
    return replace(made, **more)  # type: ignore[arg-type]


WHOLE = race("baseline", "lane", "control")


def test_a_control_is_judged_after_the_baseline_only_where_that_showed_something() -> None:
    both = [comparison("baseline", Finding.FASTER), comparison("c", Finding.SLOWER)]
    assert allowed(both, WHOLE) == both
    first, second = allowed([comparison("baseline", Finding.NO_DIFFERENCE), both[1]], WHOLE)
    assert first.finding is Finding.NO_DIFFERENCE
    assert (second.finding, second.reasons) == (Finding.WITHHELD, (Reason(Cause.UNTESTED, ("baseline",)),))
    assert (second.ratio, second.ci_low) == (1.5, 1.2)  # the figures stay
    # What claims nothing is left as it is.
    assert allowed([first, comparison("c", Finding.NO_DIFFERENCE)], WHOLE)[1].finding is Finding.NO_DIFFERENCE


def test_a_withheld_verdict_shows_nothing_either() -> None:
    held = withhold(comparison("baseline", Finding.FASTER), [Reason(Cause.CLOCK_DISTURBED)])
    assert allowed([held, comparison("c", Finding.FASTER)], WHOLE)[1].reasons[0].cause is Cause.UNTESTED


def test_a_control_is_not_under_test() -> None:
    (found,) = allowed([comparison("baseline", Finding.FASTER, lane="c")], WHOLE)
    assert found.reasons == (Reason(Cause.CONTROL),)


def test_a_race_of_fixed_pairs_that_is_not_over_claims_nothing() -> None:
    stopped = race("baseline", "lane", complete=False, pairs=12)
    (found,) = allowed([comparison("baseline", Finding.FASTER)], stopped)
    assert found.reasons == (Reason(Cause.INCOMPLETE),)
    # Of a race until decided every look is planned.
    assert allowed([comparison("baseline", Finding.FASTER)], replace(stopped, detect=0.1))[0].finding is Finding.FASTER
    # A lane that has all of its pairs waits for no other.
    assert allowed([comparison("baseline", Finding.FASTER, pairs=12)], stopped)[0].finding is Finding.FASTER


def test_a_race_that_is_taken_up_again_has_its_verdict_in_the_end(tmp_path: Path) -> None:
    planned = plan("fast", pairs=8)
    racing.start(tmp_path, planned)
    store = Store(tmp_path)
    for seed in range(8):
        for name, seconds in (("baseline", 10.0), ("fast", 5.0)):
            store.add(record(name, seed, seconds * (1 + 0.01 * seed), metric=0.96))
        wall = next(c for c in score(planned, store).comparisons if c.clock == "wall")
        if 5 <= seed < 7:
            assert wall.reasons == (Reason(Cause.INCOMPLETE),)
    store.close()
    assert wall.finding is Finding.FASTER


def test_without_a_reason_nothing_is_withheld() -> None:
    with pytest.raises(ValueError, match="give one or more"):
        withhold(comparison("baseline", Finding.FASTER), [])
