import math

import pytest

from sooner.results.final_metric import Difference, difference, finals
from sooner.results.records import Lane, Run


def lane(name: str, *metrics: float | None) -> Lane:
    runs = [Run(seed, False, None, None, None, 1.0, metric, None, {}, []) for seed, metric in enumerate(metrics)]
    return Lane(name, "lane", {}, runs)


def test_by_hand() -> None:
    one, other = lane("one", 0.81, 0.83, None, 0.86), lane("other", 0.80, 0.80, 0.9, 0.84)
    assert finals(one) == {0: 81.0, 1: 83.0, 3: 86.0}
    found = difference(one, other)
    assert found.points == pytest.approx(2.0)  # the median of the means of two of 1, 3 and 2
    assert found.pairs == 3
    assert (found.low, found.high) == (-math.inf, math.inf)  # three pairs exclude nothing


def test_six_pairs_that_agree_exclude_nought() -> None:
    one = lane("one", *(0.8 + 0.01 * seed for seed in range(6)))
    other = lane("other", *(0.7 + 0.009 * seed for seed in range(6)))
    found = difference(one, other)
    assert found.low == pytest.approx(10.0)
    assert found.high == pytest.approx(10.5)
    assert str(Difference(1.0, 0.5, 1.5, 6)) == "**+1.00** (+0.50 to +1.50)"
    assert str(Difference(1.0, -0.5, 1.5, 6)) == "+1.00 (-0.50 to +1.50)"


def test_lanes_without_a_common_seed_are_refused() -> None:
    with pytest.raises(ValueError, match="one and other have no seed in common"):
        difference(lane("one", None), lane("other", 0.5))
