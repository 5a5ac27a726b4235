import pytest
import torch
from scipy import stats

from sooner.sampling import CyclicalCurriculum


def rounds(sampler, count):
    return [torch.cat(list(sampler)) for _ in range(count)]


def test_the_published_sizes():
    """sp = 0.25, ep = 1, alpha = 0.5: 0.25, 0.5, 1, 0.5, 0.25, ...; whole examples, rounded down."""
    drawn = rounds(CyclicalCurriculum(101, 10), 9)
    assert [len(indices) for indices in drawn] == [25, 50, 101, 50, 25, 50, 101, 50, 25]
    assert all(len(indices.unique()) == len(indices) for indices in drawn)


@pytest.mark.parametrize(
    ("start", "end", "alpha", "sizes"),
    [
        (0.3, 1.0, 0.6, (0.3, 0.5, 0.8333, 1.0, 0.6, 0.36)),  # down to max(0.216, 0.3)
        (0.4, 0.9, 0.5, (0.4, 0.8, 0.9, 0.45)),
        (0.5, 0.5, 0.5, (0.5,)),
        (0.1, 1.0, 0.05, (0.1, 1.0)),
    ],
)
def test_sizes_of_a_cycle(start, end, alpha, sizes):
    """n <- min(n / alpha, ep) up to ep, then n <- max(n alpha, sp) down to sp."""
    assert CyclicalCurriculum(100, 10, start=start, end=end, alpha=alpha).sizes == pytest.approx(sizes, abs=1e-4)


def test_easy_examples_are_in_more_rounds():
    """A part of one example of four: drawn with chances in proportion to the scores."""
    scores = torch.tensor([1.0, 2.0, 3.0, 4.0])
    sampler = CyclicalCurriculum(4, 4, start=0.25, end=0.25, scores=scores)
    counts = torch.bincount(torch.cat(rounds(sampler, 4000)), minlength=4)
    assert stats.chisquare(counts, [400, 800, 1200, 1600]).pvalue > 1e-6


def test_all_are_in_the_rounds_of_all_and_in_random_order():
    scores = torch.tensor([1e6] * 50 + [1e-6] * 50)
    drawn = rounds(CyclicalCurriculum(100, 10, scores=scores), 4)
    assert sorted(drawn[1].tolist()) == list(range(50))
    assert drawn[2].sort().values.tolist() == list(range(100))
    # Not the easy ones first: hypergeometric around 25, standard deviation 2.5.
    assert 10 < int((drawn[2][:50] < 50).sum()) < 40


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"start must be at most end, 0\.5, not 0\.6"):
        CyclicalCurriculum(10, 2, start=0.6, end=0.5)
    with pytest.raises(ValueError, match="alpha must be below 1, or the size would never change"):
        CyclicalCurriculum(10, 2, alpha=1.0)
    with pytest.raises(ValueError, match="above 0 for the 10 examples of the largest round, and are for 9 only"):
        CyclicalCurriculum(10, 2, scores=torch.tensor([0.0] + [1.0] * 9))
