from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sooner.errors import SoonerError
from sooner.racing import race as racing
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.recipes.pace import Pace, Sizes, measure, race_seconds, run_seconds, sizes_of
from sooner.tasks import Data
from tests.clock_by_hand import Hand
from tests.racing import timed
from tests.racing.conftest import Silent, go
from tests.racing.made import plan, recipe

SIZES = Sizes(train=1000, validation=100, test=200)
PACE = Pace(fixed=0.5, step=0.01, examples=50.0, evaluated=0.001)


def lane(budget: str) -> PlannedLane:
    return PlannedLane("x", "lane", recipe("x", budget=budget))


def test_a_run_by_hand() -> None:
    # 4,000 examples: 80 steps, 0.8 s; at the start, at 1,500 and 3,000 and at the end 100 examples, then 200.
    assert run_seconds(lane("4ep"), PACE, SIZES, 1500) == pytest.approx(0.5 + 0.8 + 0.4 + 0.2)


def test_a_run_of_so_many_seconds() -> None:
    # 10.5 s on the clock: 10 s of steps, 1,000 of them, 50,000 examples, a look at every 10,000.
    assert run_seconds(lane("10.5s"), PACE, SIZES, 10_000) == pytest.approx(10.5 + 0.001 * (7 * 100 + 200))


def test_a_race_has_all_lanes_in_every_pair() -> None:
    assert race_seconds(plan("a", "b"), {"baseline": 4.0, "a": 2.0, "b": 1.0}, 3) == pytest.approx(21.0)


def test_the_pace_that_is_measured_foretells_the_race(
    make_race: Callable[..., tuple[Path, Plan]], digits: Data, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.moves("training.clock")
    monkeypatch.setattr(timed, "passes", hand.sleep)
    folder, made = make_race(pairs=1, lanes=("rs2-30",), model=timed.MODEL)
    paces = measure(made, digits)
    assert paces["baseline"] == paces["baseline@0.9ep"]  # they differ by their budget alone
    assert paces["baseline"] != paces["rs2-30"]
    sizes = sizes_of(made, digits)
    assert (sizes.train + sizes.validation, sizes.test) == (len(digits.train), len(digits.test))
    for pace in paces.values():
        assert (pace.fixed, pace.step) == pytest.approx((0.0, timed.STEP))
        assert pace.evaluated == pytest.approx(timed.EXAMPLE, rel=0.01)  # with the pass that counts operations
    seconds = {lane.name: run_seconds(lane, paces[lane.name], sizes, made.every) for lane in made.lanes}
    assert seconds["baseline"] > seconds["baseline@0.9ep"]
    go(folder, digits, Silent())

    for record in racing.finished(folder):
        assert seconds[record.lane] == pytest.approx(sum(record.phases.values()), rel=0.15)
        assert paces[record.lane].examples == pytest.approx(record.examples / record.steps, rel=0.15)


def test_a_lane_that_cannot_train_says_so(make_race: Callable[..., tuple[Path, Plan]], digits: Data) -> None:
    _, made = make_race(pairs=1, lanes=())
    wild = recipe("baseline", model="mlp", optimizer={"name": "sgd", "lr": 1e30}, precision="float32")
    with pytest.raises(SoonerError, match=r"lane baseline stopped at step \d+"):
        measure(replace(made, lanes=(PlannedLane("baseline", "baseline", wild),)), digits)
