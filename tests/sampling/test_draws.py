import numpy as np
import pytest
import torch
from scipy import stats

from sooner.sampling._draws import Draws, WeightedDraws, cumulated, exponentials, uniforms, without_replacement


def test_any_part_of_the_stream_is_that_part():
    whole = uniforms(3, 0, 10_000)
    for start, stop in ((0, 1), (9_999, 10_000), (17, 4_242), (5, 5)):
        assert np.array_equal(uniforms(3, start, stop), whole[start:stop])
    assert len(uniforms(3, 10**15, 10**15 + 3)) == 3
    assert not np.isin(uniforms(4, 0, 10_000), whole).any()


def test_uniform_and_independent():
    drawn = uniforms(1, 0, 400_000)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert stats.kstest(drawn, "uniform").pvalue > 1e-6
    cells = (drawn[:-1:2] * 30).astype(int) * 30 + (drawn[1::2] * 30).astype(int)
    assert stats.chisquare(np.bincount(cells, minlength=900)).pvalue > 1e-6
    assert stats.kstest(exponentials(1, 100_000), "expon").pvalue > 1e-6


@pytest.mark.parametrize("n", [1, 2**40 + 1, 2**53])
def test_draws_are_in_range(n):
    drawn = Draws(n, 100_000, 5)[0:100_000]
    assert drawn.dtype == torch.int64
    assert drawn.min() >= 0
    assert (n - 1) * 0.9999 <= drawn.max() < n


def test_weighted_draws_come_in_proportion_and_never_at_weight_zero():
    weights = np.array([0, 1, 0, 0, 5, 2, 0.5, 0])
    drawn = WeightedDraws(np.cumsum(weights), 170_000, 2)[0:170_000]
    counts = np.bincount(drawn.numpy(), minlength=8)
    assert counts[weights == 0].sum() == 0
    assert stats.chisquare(counts[weights > 0], 20_000 * weights[weights > 0]).pvalue > 1e-6


def test_without_replacement_follows_successive_draws():
    """Of weights 1, 2, 3, two are drawn: P(a, b) = w_a / 6 * w_b / (6 - w_a)."""
    pairs = [tuple(without_replacement(np.array([1.0, 2.0, 0.0, 3.0]), 2, seed).tolist()) for seed in range(6000)]
    weights = {0: 1, 1: 2, 3: 3}
    expected = {(a, b): weights[a] / 6 * weights[b] / (6 - weights[a]) for a in weights for b in weights if a != b}
    found = [pairs.count(pair) for pair in expected]
    assert sum(found) == 6000
    assert stats.chisquare(found, [6000 * chance for chance in expected.values()]).pvalue > 1e-6


@pytest.mark.parametrize("tiny", [1e-310, 5e-324, 1e-300])
def test_weights_may_be_as_small_as_numbers_are(tiny):
    """Of weights 1, tiny, 0 and tiny, three are drawn: never the 0, the 1 first, the two others as often in turn."""
    weights = np.array([1.0, tiny, 0.0, tiny])
    drawn = [without_replacement(weights, 3, seed).tolist() for seed in range(400)]
    assert {tuple(order) for order in drawn} == {(0, 1, 3), (0, 3, 1)}
    assert stats.binomtest(sum(order[1] == 1 for order in drawn), 400).pvalue > 1e-6


def test_of_huge_weights_too_the_heavier_comes_first_as_often_as_it_should():
    weights = np.array([1.5e308, 0.5e308])
    first = sum(int(without_replacement(weights, 2, seed)[0]) == 0 for seed in range(2000))
    assert stats.binomtest(first, 2000, 3 / 4).pvalue > 1e-6


@pytest.mark.parametrize("factor", [5e-324, 1e-310, 1e-300, 1.0, 3e307])
def test_weights_of_any_size_are_drawn_in_proportion(factor):
    weights = np.array([3.0, 0.0, 1.0, 2.0, 0.0]) * factor  # their sum may be beyond the largest number
    drawn = WeightedDraws(cumulated(weights), 60_000, 2)[0:60_000].numpy()
    assert stats.chisquare(np.bincount(drawn, minlength=5)[[0, 2, 3]], [30_000, 10_000, 20_000]).pvalue > 1e-6
    assert np.array_equal(drawn, WeightedDraws(np.cumsum([3.0, 0, 1, 2, 0]), 60_000, 2)[0:60_000].numpy())
