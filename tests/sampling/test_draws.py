import numpy as np
import pytest
import torch
from scipy import stats

from sooner.sampling._draws import Draws, WeightedDraws, exponentials, uniforms, without_replacement


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
