import pytest
import torch
from scipy import stats

from sooner.sampling import Weighted


def one_round(sampler):
    return torch.cat(list(sampler))


def test_with_replacement_in_proportion_and_of_exact_size():
    weights = torch.tensor([0.0, 3.0, 1.0, 0.0, 6.0] * 20)
    sampler = Weighted(100, 16, weights=weights, fraction=0.83, seed=1)
    rounds = [one_round(sampler) for _ in range(400)]
    assert {len(indices) for indices in rounds} == {83}
    counts = torch.bincount(torch.cat(rounds), minlength=100)
    assert counts[weights == 0].sum() == 0
    expected = 400 * 83 * weights / weights.sum()
    assert stats.chisquare(counts[weights > 0], expected[weights > 0]).pvalue > 1e-6


def test_without_replacement_the_examples_of_a_round_are_distinct():
    weights = torch.tensor([1.0, 1.0, 1.0, 9.0])
    sampler = Weighted(4, 2, weights=weights, replacement=False, fraction=0.5)
    rounds = [one_round(sampler) for _ in range(3000)]
    assert all(len(indices.unique()) == 2 for indices in rounds)
    # The heavy one is first with 9/12, or second after a light one with 1/4 * 9/11: in 21/22 of the rounds...
    heavy = sum(3 in indices for indices in rounds)
    assert stats.binomtest(heavy, 3000, 21 / 22).pvalue > 1e-6
    # ...and, since a round is mixed, as often in its first place as in its second.
    assert stats.binomtest(sum(int(indices[0]) == 3 for indices in rounds), heavy, 0.5).pvalue > 1e-6


def test_left_out_weights_balance_the_classes():
    targets = torch.tensor([7] * 900 + [2] * 90 + [4] * 10)
    sampler = Weighted(1000, 64, targets=targets)
    drawn = targets[torch.cat([one_round(sampler) for _ in range(30)])]
    assert stats.chisquare(drawn.unique(return_counts=True)[1]).pvalue > 1e-6
    assert sampler == Weighted(1000, 64, targets=targets, weights=None)
    assert sampler != Weighted(1000, 64, targets=targets.flip(0))


def test_weights_that_differ_below_one_make_another_sampler():
    light, heavy = torch.full((10,), 0.1), torch.full((10,), 0.2)
    assert Weighted(10, 2, weights=light) == Weighted(10, 2, weights=light.clone())
    assert Weighted(10, 2, weights=light) != Weighted(10, 2, weights=heavy)
    with pytest.raises(ValueError, match=r"weights is .* there and .* here"):
        Weighted(10, 2, weights=light).load_state_dict(Weighted(10, 2, weights=heavy).state_dict())


def test_more_weights_than_the_limit_of_torch():
    """`torch.multinomial`, and so WeightedRandomSampler, refuses more than 2**24."""
    n = 2**24 + 1
    weights = torch.zeros(n)
    weights[-1] = 1
    assert next(iter(Weighted(n, 8, weights=weights))).tolist() == [n - 1] * 8


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (torch.ones(9), "weights must be 10 weights, .* not torch.float32 of shape"),
        (torch.tensor([1.0] * 9 + [-2.0]), "example 9 has -2.0"),
        (torch.tensor([float("nan")] + [1.0] * 9), "example 0 has nan"),
        (torch.zeros(10), "these are all 0"),
        ("heavy", "one per example, not 'heavy'"),
    ],
)
def test_bad_weights(weights, words):
    with pytest.raises(ValueError, match=words):
        Weighted(10, 2, weights=weights)


def test_other_bad_arguments():
    with pytest.raises(ValueError, match="give weights, one per example, or targets"):
        Weighted(10, 2)
    with pytest.raises(
        ValueError, match=r"fraction 0\.5 of 10 is 5 distinct examples, but only 4 have a weight above 0"
    ):
        Weighted(10, 2, weights=torch.tensor([1.0] * 4 + [0.0] * 6), replacement=False, fraction=0.5)
