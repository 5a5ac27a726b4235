from collections import Counter

import pytest

from sooner.racing.plan.ordering import balanced_orders


@pytest.mark.parametrize("lanes", [1, 2, 3, 5])
def test_every_block_puts_each_lane_once_in_each_place(lanes: int) -> None:
    orders = balanced_orders(lanes, 4 * lanes, seed=1)
    for block in range(4):
        rows = orders[block * lanes : (block + 1) * lanes]
        for row in rows:
            assert sorted(row) == list(range(lanes))
        for place in range(lanes):
            assert sorted(row[place] for row in rows) == list(range(lanes))


def test_orders_depend_on_the_seed_and_a_longer_race_begins_alike() -> None:
    assert balanced_orders(3, 6, seed=1) == balanced_orders(3, 12, seed=1)[:6]
    assert len({str(balanced_orders(3, 6, seed=seed)) for seed in range(20)}) > 10


def test_all_orders_of_two_lanes_come_first_equally_often() -> None:
    first = Counter(balanced_orders(2, 1, seed=seed)[0][0] for seed in range(200))
    assert 70 <= first[0] <= 130  # binomial(200, 1/2), four standard deviations
