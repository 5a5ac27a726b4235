"""The machine's pace by lane, against ratios put in by hand."""

import pytest

from sooner.results.notices import PaceDiffers, PaceVaried
from sooner.results.records import Lane, Results, Run
from sooner.results.rescoring import rescore
from sooner.results.steadiness import notices, slowdown
from sooner.results.verdict import Cause, Finding
from tests.reporting.races import race, run


def lanes(theirs: list[float | None], mine: list[float | None], *, seconds: float = 1.0) -> list[Lane]:
    """A baseline that takes 2 s to the target and a lane that takes 2 `seconds`, beside references of these seconds."""

    def runs(references: list[float | None], pace: float) -> list[Run]:
        return [
            run([0.1, 0.3, 0.5, 0.9], seed=seed, seconds_per_look=pace + 0.01 * seed, reference_s=reference)
            for seed, reference in enumerate(references)
        ]

    return [
        Lane("baseline", "baseline", {"command": "a"}, runs(theirs, 1.0)),
        Lane("x", "lane", {"command": "b"}, runs(mine, seconds), opponents=["baseline"]),
    ]


def found(given: list[Lane]) -> Results:
    return rescore(race(given), curves=False)


QUIET = [0.004 + 0.00001 * k for k in range(6)]
SLOW = [1.5 * each for each in QUIET]


def test_a_lane_for_which_the_machine_was_slower_is_told_with_its_ratio() -> None:
    (told,) = [each for each in notices(lanes(SLOW, QUIET)) if isinstance(each, PaceDiffers)]
    assert (told.slower, told.than) == ("baseline", "x")
    assert told.ratio == pytest.approx(1.5)
    (other,) = [each for each in notices(lanes(QUIET, SLOW)) if isinstance(each, PaceDiffers)]
    assert (other.slower, other.than, other.ratio) == ("x", "baseline", pytest.approx(1.5))
    assert not notices(lanes(QUIET, QUIET[::-1]))
    assert not notices(lanes([None] * 6, [None] * 6))  # races of earlier versions


@pytest.mark.parametrize("ratio", [1.4, 2.0])
def test_a_verdict_that_may_be_the_machines_is_withheld(ratio: float) -> None:
    (wall,) = [c for c in found(lanes(SLOW, QUIET, seconds=1 / ratio)).comparisons if c.clock == "wall"]
    assert wall.finding is Finding.WITHHELD
    assert [reason.cause for reason in wall.reasons] == [Cause.CLOCK_DISTURBED]
    (wall,) = [c for c in found(lanes(QUIET, SLOW, seconds=ratio)).comparisons if c.clock == "wall"]
    assert wall.finding is Finding.WITHHELD


@pytest.mark.parametrize(("theirs", "mine", "seconds"), [(SLOW, QUIET, 0.4), (QUIET, SLOW, 0.7), (QUIET, QUIET, 0.7)])
def test_a_verdict_that_the_machine_does_not_explain_stands(
    theirs: list[float | None], mine: list[float | None], seconds: float
) -> None:
    (wall,) = [c for c in found(lanes(theirs, mine, seconds=seconds)).comparisons if c.clock == "wall"]
    assert wall.finding is Finding.FASTER


def test_runs_that_vary_all_together_are_a_disturbed_machine_of_no_lane() -> None:
    both = [0.004, 0.006, 0.004, 0.006, 0.004, 0.006]
    assert notices(lanes(both, both)) == [PaceVaried(pytest.approx(1.5), 12)]  # type: ignore[arg-type]


def test_a_resumed_run_says_nothing_of_the_machine_before() -> None:
    (one, other) = ([run([0.1], seed=0, reference_s=0.004, resumed=again)] for again in (0, 1))
    assert slowdown(one, other) is None
