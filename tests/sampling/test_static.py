import pytest
import torch

from sooner.sampling import StaticSubset


def test_one_subset_in_a_fresh_order_every_round():
    sampler = StaticSubset(5000, 64, seed=2, fraction=0.1)
    rounds = [torch.cat(list(sampler)) for _ in range(3)]
    for indices in rounds:
        assert len(indices) == len(indices.unique()) == 500
        assert torch.equal(indices.sort().values, rounds[0].sort().values)
    assert (rounds[0] == rounds[1]).sum() < 12  # Poisson(1)
    # Another seed keeps another tenth: 50 in common on average, hypergeometric with standard deviation 6.4.
    other = torch.cat(list(StaticSubset(5000, 64, seed=3, fraction=0.1)))
    assert 15 < torch.isin(rounds[0], other).sum() < 85


def test_stratified():
    targets = torch.tensor([1] * 700 + [0] * 295 + [9] * 5)
    sampler = StaticSubset(1000, 64, fraction=0.1, stratified=True, targets=targets)
    rounds = [torch.cat(list(sampler)) for _ in range(2)]
    assert targets[rounds[0]].unique(return_counts=True)[1].tolist() == [30, 70, 1]
    assert len(rounds[0].unique()) == 101
    assert torch.equal(rounds[0].sort().values, rounds[1].sort().values)
    assert not torch.equal(rounds[0], rounds[1])


def test_a_part_of_a_billion():
    sampler = StaticSubset(10**9, 1024, fraction=0.5)
    batch = next(iter(sampler))
    assert len(sampler) == 488_282
    assert len(batch.unique()) == 1024
    assert batch.max() > 5 * 10**8


def test_bad_arguments():
    with pytest.raises(ValueError, match="fraction must be above 0 and at most 1, not 2"):
        StaticSubset(100, 10, fraction=2)
    with pytest.raises(ValueError, match="needs targets"):
        StaticSubset(100, 10, fraction=0.5, stratified=True)
