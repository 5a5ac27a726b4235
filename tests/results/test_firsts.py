"""First runs that pay, or learn, for the later ones, against machines that are only disturbed."""

import numpy as np
import pytest

from sooner.results.firsts import notices
from sooner.results.records import Lane, Run
from sooner.results.suspicions import CarriedOver, FirstRunSlower
from tests.reporting.races import run

KIND = {"function": "f"}


def runs(
    paces: list[float], begins: list[float] | None = None, slow: list[float] | None = None, resumed: int = 0
) -> list[Run]:
    """Runs of so many seconds a look, the first evaluation at these metrics, on a machine so many times slower."""
    first, machine = begins or [0.1] * len(paces), slow or [1.0] * len(paces)
    return [
        run(
            [first[seed], 0.5, 0.9],
            seed=seed,
            seconds_per_look=pace,
            resumed=resumed,
            reference_s=0.004 * machine[seed] if machine[seed] else None,
        )
        for seed, pace in enumerate(paces)
    ]


def lanes(theirs: list[Run], mine: list[Run], *, recipe: dict[str, str] = KIND) -> list[Lane]:
    return [Lane("baseline", "baseline", recipe, theirs), Lane("x", "lane", recipe, mine, opponents=["baseline"])]


EVEN = [1.0, 1.02, 0.99, 1.01, 1.0, 0.98, 1.0]
CACHED = [5.0, 1.02, 0.99, 1.01, 1.0, 0.98, 1.0]


def test_a_first_run_that_pays_for_all_is_told() -> None:
    assert notices(lanes(runs(EVEN), runs(CACHED)), 0.8) == [
        FirstRunSlower("x", times=pytest.approx(5.0), others=pytest.approx(1.0))  # type: ignore[arg-type]
    ]
    assert [told.lane for told in notices(lanes(runs(CACHED), runs(EVEN)), 0.8)] == ["baseline"]


def test_one_disturbed_run_among_many_does_not_hide_it() -> None:
    assert len(notices(lanes(runs([*EVEN, 1.0]), runs([*CACHED, 4.0])), 0.8)) == 1


def test_a_machine_that_was_warming_up_is_no_cache() -> None:
    assert notices(lanes(runs(CACHED), runs(CACHED)), 0.8) == []


def test_a_machine_that_was_slow_by_the_workload_beside_is_no_cache() -> None:
    assert notices(lanes(runs(EVEN), runs(CACHED, slow=[5.0, *[1.0] * 6])), 0.8) == []
    assert notices(lanes(runs(EVEN), runs(CACHED, slow=[0.0] * 7)), 0.8) == []  # not known


@pytest.mark.parametrize(
    "paces",
    [
        [1.2, 1.02, 0.99, 1.01, 1.0, 0.98, 1.0],  # by less than a quarter
        [1.0, 5.0, 0.99, 1.01, 1.0, 0.98, 1.0],  # a later run
        [2.0, 1.0, 1.9, 1.2, 1.6, 1.4, 1.1],  # all vary
        [5.0, 1.0, 1.0, 1.0],  # few runs
    ],
)
def test_what_is_no_sign(paces: list[float]) -> None:
    assert notices(lanes(runs(EVEN[: len(paces)]), runs(paces)), 0.8) == []


def test_a_run_that_was_taken_up_again_says_nothing_of_its_pace() -> None:
    taken_up = runs(CACHED, resumed=1)
    assert notices(lanes(runs(EVEN), taken_up), 0.8) == []


def test_of_recipes_which_the_race_warms_up_nothing_is_said_of_the_pace() -> None:
    assert notices(lanes(runs(EVEN), runs(CACHED), recipe={"model": "mlp"}), 0.8) == []


def test_weights_that_are_carried_over_are_told() -> None:
    ahead = [0.1, 0.7, 0.72, 0.71, 0.73, 0.7, 0.72]
    assert notices(lanes(runs(EVEN), runs(EVEN, ahead), recipe={"model": "mine:make"}), 0.8) == [
        CarriedOver("x", first=pytest.approx(0.1), later=pytest.approx(0.715))  # type: ignore[arg-type]
    ]
    assert notices(lanes(runs(EVEN, ahead), runs(EVEN, ahead)), 0.8) == []  # the task's own
    assert notices(lanes(runs(EVEN), runs(EVEN, ahead[::-1])), 0.8) == []
    assert notices(lanes(runs(EVEN), runs(EVEN, [0.1, 0.11, 0.12, 0.11, 0.12, 0.11, 0.12])), 0.8) == []


def test_where_the_first_run_begins_beyond_the_target_nothing_is_carried_there() -> None:
    ahead = [0.81, 0.825, 0.826, 0.825, 0.826, 0.825, 0.826]
    assert notices(lanes(runs(EVEN), runs(EVEN, ahead)), 0.8) == []


@pytest.mark.parametrize(("pairs", "spread"), [(6, 0.05), (8, 0.2), (8, 0.5), (12, 0.3)])
def test_honest_races_on_a_noisy_machine_are_seldom_suspected(pairs: int, spread: float) -> None:
    """Paces of lognormal noise, every tenth run disturbed to two or three times as long; beginnings vary, too."""
    rng = np.random.default_rng([pairs, int(100 * spread)])

    def honest() -> list[Run]:
        slow = rng.choice([1.0, 2.0, 3.0], p=[0.9, 0.06, 0.04], size=pairs)
        paces, seen = slow * rng.lognormal(0, spread, pairs), slow * rng.lognormal(0, 0.1, pairs)
        return runs(list(paces), list(rng.normal(0.2, 0.05, pairs)), list(seen))

    found = [notices(lanes(honest(), honest()), 0.8) for _ in range(200)]
    assert sum(map(bool, found)) <= 8
