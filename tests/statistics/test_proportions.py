import itertools

import pytest
from scipy.stats import fisher_exact

from sooner.statistics.proportions import fisher


def test_by_hand() -> None:
    assert fisher(3, 3, 0, 3) == pytest.approx(2 / 20)  # either of the two extreme tables of C(6, 3)
    assert fisher(0, 5, 0, 5) == 1.0
    assert fisher(0, 0, 0, 0) == 1.0
    assert fisher(6, 10, 0, 10) == pytest.approx(fisher(0, 10, 6, 10))


def test_it_is_the_test_of_scipy() -> None:
    for hits, of, other, other_of in itertools.product((0, 1, 4, 7), (7, 9), (0, 2, 5), (5, 12)):
        expected = fisher_exact([[hits, of - hits], [other, other_of - other]])[1]
        assert fisher(hits, of, other, other_of) == pytest.approx(expected)


@pytest.mark.parametrize("given", [(-1, 5, 0, 5), (6, 5, 0, 5), (0, 5, 6, 5)])
def test_hits_that_cannot_be_are_refused(given: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="hits must be from 0 to their number"):
        fisher(*given)
