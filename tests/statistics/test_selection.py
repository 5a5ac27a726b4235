import math

import numpy as np
import pytest

from sooner.statistics.selection import select
from sooner.statistics.times import Time


def hits(*settings: tuple[float, ...]) -> list[list[Time]]:
    return [[Time(seconds) for seconds in trials] for trials in settings]


ENDS = [(0.9, 0.9)] * 5


def test_the_fastest_is_taken_where_trials_agree() -> None:
    found = select(hits((8, 8.1), (6, 6.1), (4, 4.1), (6, 6.1), (8, 8.1)), ENDS)
    assert (found.place, found.near, found.by) == (2, (2,), "reached")
    assert found.apart is not None
    assert found.apart < 0.05


def test_of_those_that_noise_hides_the_middle_one_is_taken_not_the_luckiest() -> None:
    lucky = hits((9, 9), (5.2, 3.2), (3.4, 5.0), (5.4, 3.3), (9, 9))
    found = select(lucky, ENDS)
    assert found.near == (1, 2, 3)
    assert found.place == 2
    assert found.apart is not None
    assert found.apart > 0.3


def test_of_two_in_the_middle_the_better_is_taken() -> None:
    assert select(hits((4.2, 4.0), (4.0, 4.3), (9.0, 9.1)), ENDS[:3]).near == (0, 1)
    assert select(hits((4.2, 4.0), (4.0, 4.3), (9.0, 9.1)), ENDS[:3]).place == 0
    assert select(hits((4.0, 4.3), (4.2, 4.0), (9.0, 9.1)), ENDS[:3]).place == 1


def test_what_all_trials_of_a_seed_share_hides_nothing() -> None:
    found = select(hits((8, 16), (4, 8), (5, 10), (8, 16), (9, 18)), ENDS)
    assert (found.place, found.near) == (1, (1,))
    assert found.apart == pytest.approx(0, abs=1e-9)


def test_a_setting_further_off_is_not_in_the_row() -> None:
    found = select(hits((4.0, 4.4), (9, 9.1), (4.1, 4.0), (9, 9.1), (9, 9.2)), ENDS)
    assert found.near in ((0,), (2,))


def test_a_miss_costs_all_that_the_trial_ran_for() -> None:
    # 3 s and a miss after 10 s: 13 s a hit; that is more than two hits at 7 s.
    times = [[Time(3.0), Time(10.0, censored=True)], [Time(7.0), Time(7.2)], [Time(10, censored=True)] * 2]
    found = select(times, ENDS[:3])
    assert (found.place, found.by) == (1, "reached")
    assert found.apart is None  # one whole setting says nothing of the noise
    spared = [[Time(1.0), Time(5.0, censored=True)], *times[1:]]
    assert select(spared, ENDS[:3]).place == 0


def test_without_a_hit_the_metric_at_the_end_counts() -> None:
    missed = [[Time(9.0, censored=True)] * 2] * 4
    found = select(missed, [(0.5, 0.51), (0.7, 0.71), (0.6, 0.61), (0.9, -math.inf)])
    assert (found.place, found.by) == (1, "metric")
    assert found.apart == pytest.approx(0, abs=1e-9)
    nothing = select(missed, [(-math.inf, -math.inf)] * 4)
    assert nothing.place in range(4)
    one = select(missed[:3], [(0.5, 0.5), (0.7, 0.7), (0.6, 0.6)], by="metric")
    assert (one.place, one.by) == (1, "metric")


def test_ends_can_be_compared_though_there_are_hits() -> None:
    found = select(hits((1, 1), (2, 2)), [(0.8, 0.8), (0.9, 0.9)], by="metric")
    assert (found.place, found.by) == (1, "metric")


def test_with_one_seed_the_best_is_taken_as_nothing_is_known_of_the_noise() -> None:
    found = select(hits((5,), (4,), (6,)), [(0.9,)] * 3)
    assert (found.place, found.near, found.apart) == (1, (1,), None)


def test_times_of_zero_are_alike() -> None:
    zero = [[Time(0.0, first_look=True)] * 2] * 3
    assert select(zero, ENDS[:3]).place == 1


@pytest.mark.parametrize(
    ("times", "ends"), [([], []), (hits((1, 2), (1,)), [(0, 0), (0, 0)]), (hits((1,)), []), ([[]], [[]])]
)
def test_settings_need_as_many_trials(times: list[list[Time]], ends: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="as many trials"):
        select(times, ends)


def test_two_equal_lanes_come_to_differ_less_than_by_their_best_measures() -> None:
    draw = np.random.default_rng(0)
    truth = 0.05 * (np.arange(5) - 2.3) ** 2  # log-time, at rates that double
    taken: list[float] = []
    best: list[float] = []
    for _ in range(400):
        times = np.exp(truth[:, None] + draw.normal(0, 0.2, (5, 2)))
        taken.append(truth[select(hits(*map(tuple, times)), ENDS).place])
        best.append(truth[int(times.mean(axis=1).argmin())])
    assert np.mean(taken) < 0.6 * np.mean(best)
    assert np.abs(np.diff(taken)).mean() < 0.6 * np.abs(np.diff(best)).mean()
