"""Equal looks for all lanes, the noise of the metric, and lanes that choose their looks by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from sooner.results import looks
from sooner.results.look_notices import EndedAtTarget, LooksLeftOut, LooksSkipped
from sooner.results.records import Evaluation, Lane, Results, Run
from sooner.results.rescoring import rescore
from sooner.results.trajectories import trajectory
from sooner.results.verdict import Cause, Finding, Reason


def run(seconds: Sequence[float], metric: Sequence[float], *, seed: int = 0, every: int = 0) -> Run:
    """A run that ends with its last look; with `every` it tells its examples, else its steps stand there."""
    seen = [
        Evaluation(float(at), place + 1, every * (place + 1) or place + 1, float(value))
        for place, (at, value) in enumerate(zip(seconds, metric, strict=True))
    ]
    last = seen[-1]
    return Run(seed, False, None, None, None, last.seconds, last.metric, None, {}, seen, last.step, last.examples)


def rising(looks: int, *, end: float = 40.0, seed: int = 0, **more: int) -> Run:
    seconds = np.linspace(end / looks, end, looks)
    return run(seconds.tolist(), (seconds / end).tolist(), seed=seed, **more)


def race(target: float, **lanes: Sequence[Run]) -> Results:
    first = next(iter(lanes))
    made = [
        Lane(name, "baseline" if name == first else "lane", {}, list(runs), opponents=[] if name == first else [first])
        for name, runs in lanes.items()
    ]
    return rescore(Results("t", target, "m", "first-hit", "cpu", "2026", made, []), curves=False)


def test_the_lane_of_more_looks_is_read_where_the_other_had_some() -> None:
    equal = looks.equal({"often": [rising(20)], "seldom": [rising(4)]})
    assert [each.seconds for each in looks.scored(equal["often"][0])] == [2.0, 10.0, 20.0, 30.0, 40.0]
    assert len(equal["often"][0].left_out) == 15
    assert equal["seldom"][0].left_out == []
    # Looks that were left out before come back where the other lane is no longer there.
    assert looks.equal({"often": equal["often"]})["often"][0].left_out == []


def test_lanes_of_as_many_looks_keep_them_whatever_their_pace() -> None:
    fast, slow = rising(20, end=10.0), rising(20, end=40.0)
    assert looks.equal({"fast": [fast], "slow": [slow]})["fast"][0].left_out == []
    # Half as many again is as many.
    assert looks.equal({"a": [rising(30)], "b": [rising(20)]})["a"][0].left_out == []


def test_the_grid_is_in_examples_where_all_lanes_tell_them() -> None:
    # A look every 100 examples in both: the slow one has fewer a second.
    fast, slow = rising(40, end=20.0, every=100), rising(20, end=40.0, every=100)
    assert looks.equal({"fast": [fast], "slow": [slow]})["fast"][0].left_out == []
    common = looks.grid({"fast": [fast], "slow": [rising(5, every=800)]})
    assert common == looks.Grid(800.0, "slow", 5, examples=True)
    assert looks.grid({"fast": [fast], "slow": [rising(5)]}) == looks.Grid(8.0, "slow", 5, examples=False)


def test_one_look_a_run_is_no_grid_and_the_fitted_protocol_has_none() -> None:
    equal = looks.equal({"often": [rising(20)], "once": [rising(1)]})
    assert equal["often"][0].left_out == []
    climb = Run(
        0, False, None, None, None, 2.0, 0.5, None, {},
        [Evaluation(1.0, 1, 10, 0.4, "1ep"), Evaluation(2.0, 2, 20, 0.5, "2ep")],
    )  # fmt: skip
    assert looks.equal({"often": [rising(20)], "fitted": [climb]})["fitted"] == [climb]


def test_times_are_read_from_the_equal_looks_alone() -> None:
    seconds = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    bent = run(seconds, [0.1, 0.2, 0.3, 0.4, 0.85, 0.9, 0.95, 1.0])
    found = race(0.5, often=[bent], seldom=[run([4.0, 8.0], [0.4, 1.0])])
    often, seldom = (lane.runs[0] for lane in found.lanes)
    # Between 0.4 after 4 s and 1.0 after 8 s in both.
    assert [often.time_to_target_s, seldom.time_to_target_s] == pytest.approx([4 + 4 / 6] * 2)
    assert often.steps_to_target == pytest.approx(4 + 4 / 6)
    assert found.notices == [LooksLeftOut("often", 5, 8, "seldom", 4.0, examples=False)]
    assert rescore(found, 0.6, curves=False).notices == found.notices


def noisy(noise: float, seed: int, top: float = 1.0) -> Run:
    rng = np.random.default_rng(seed)
    seconds = np.linspace(1, 40, 40)
    metric = top * (1 - np.exp(-0.115 * seconds)) + noise * rng.standard_normal(40)
    return run(seconds.tolist(), metric.tolist(), seed=seed)


def test_a_lane_shows_the_noise_where_it_crosses() -> None:
    found = race(0.9, steady=[noisy(0.002, s) for s in range(8)], noisy=[noisy(0.01, 9 + s) for s in range(8)])
    steady, loud = (lane.metric_noise for lane in found.lanes)
    assert steady == pytest.approx(0.002, rel=0.3)
    assert loud == pytest.approx(0.01, rel=0.3)
    assert all(len(each.noise) == 40 for lane in found.lanes for each in lane.runs)
    assert race(0.5, silent=[rising(20)]).lanes[0].metric_noise is None


def test_the_noise_of_the_lane_confirms_its_runs() -> None:
    steady = [rising(20, seed=seed) for seed in range(6)]
    late = [*np.linspace(0.05, 0.85, 19), 0.91]
    quiet = race(0.9, baseline=steady, lane=[run(np.arange(1, 21), late)])
    assert quiet.lanes[1].runs[0].hit
    up_and_down = [value + (0.05 if place % 2 else -0.05) for place, value in enumerate(late[:-1])]
    loud = race(0.9, baseline=steady, lane=[run(np.arange(1, 21), [*up_and_down, 0.91])])
    (missed,) = loud.lanes[1].runs
    assert not missed.hit
    assert looks.touched(missed, 0.9)
    assert not looks.touched(missed, 0.95)
    assert trajectory(missed, "wall").time(0.9).touched is not None


def again(each: Run, seed: int) -> Run:
    return replace(each, seed=seed)


def only_better(each: Run) -> Run:
    best, shown = -1.0, []
    for look in each.evaluations:
        if look.metric > best:
            best = look.metric
            shown.append(look)
    return run([look.seconds for look in shown], [look.metric for look in shown], seed=each.seed)


def best_so_far(each: Run) -> Run:
    metric = np.maximum.accumulate([look.metric for look in each.evaluations])
    return run([look.seconds for look in each.evaluations], metric.tolist(), seed=each.seed)


@pytest.mark.parametrize("shown", [only_better, best_so_far])
def test_a_lane_that_shows_its_best_looks_alone_gets_no_verdict(shown) -> None:  # type: ignore[no-untyped-def]
    plain = [noisy(0.01, seed) for seed in range(8)]
    found = race(0.9, plain=plain, lane=[shown(again(noisy(0.01, 20 + seed), seed)) for seed in range(8)])
    (noted,) = [each for each in found.notices if isinstance(each, LooksSkipped)]
    assert noted.lane == "lane"
    assert noted.share >= 0.2
    wall = found.comparisons[0]
    assert (wall.finding, wall.reasons) == (Finding.WITHHELD, (Reason(Cause.LOOKS_UNEQUAL, ("lane",)),))


def test_a_metric_that_has_come_to_its_best_or_is_looked_at_ever_less_often_is_no_sign_of_it() -> None:
    seconds = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    saturated = [run(seconds, [0.2, 0.5, 0.8, 1, 1, 1, 1, 1], seed=seed) for seed in range(8)]
    assert looks.skipped(saturated) == 0
    assert looks.skipped([noisy(0.01, seed) for seed in range(8)]) == 0
    assert looks.skipped([rising(40)]) == 0
    # Nor are runs of which one takes twice as long as another.
    assert looks.skipped([rising(20, end=40.0 * (1 + seed / 6), seed=seed) for seed in range(7)]) == 0


def until_touched(each: Run, target: float) -> Run:
    end = next(place for place, look in enumerate(each.evaluations) if look.metric >= target)
    seen = each.evaluations[: end + 1]
    return run([look.seconds for look in seen], [look.metric for look in seen], seed=each.seed)


def test_a_run_that_ends_at_its_first_look_at_the_target_is_not_confirmed() -> None:
    plain = [noisy(0.01, seed, 0.93) for seed in range(8)]
    ended = [until_touched(again(noisy(0.01, 30 + seed, 0.93), seed), 0.9) for seed in range(8)]
    found = race(0.9, plain=plain, lane=ended)
    assert sum(each.hit for each in found.lanes[1].runs) <= 4
    (noted,) = [each for each in found.notices if isinstance(each, EndedAtTarget)]
    assert noted.lane == "lane"
    assert noted.count >= 4
    assert noted.runs == 8
    assert found.comparisons[0].finding is Finding.WITHHELD
    # At another target it did not end so.
    lower = rescore(found, 0.7, curves=False)
    assert not any(isinstance(each, EndedAtTarget) for each in lower.notices)
    assert lower.comparisons[0].finding is not Finding.WITHHELD


def test_runs_of_one_length_that_reach_the_target_last_ended_by_their_budget() -> None:
    metric = [*(np.linspace(0.05, 0.85, 19) + 0.05 * (-1) ** np.arange(19)), 0.91]
    runs = [run(range(1, 21), metric, seed=seed) for seed in (0, 1)]
    found = race(0.9, lane=runs)
    assert not any(each.hit for each in found.lanes[0].runs)
    assert looks.ended_at(found.lanes[0].runs, 0.9) == 0


def test_where_no_metric_falls_there_is_no_noise_to_hide() -> None:
    hidden = [best_so_far(noisy(0.01, seed)) for seed in range(8)]
    assert looks.skipped(hidden) > 0.2
    found = race(0.9, plain=[rising(40, seed=seed) for seed in range(8)], lane=hidden)
    assert not any(isinstance(each, LooksSkipped) for each in found.notices)
    assert Cause.LOOKS_UNEQUAL not in {reason.cause for reason in found.comparisons[0].reasons}
