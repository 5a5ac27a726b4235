import torch
from torch.utils.data import DataLoader, RandomSampler

from sooner.sampling import Reshuffling


def test_every_example_once_per_epoch_in_a_fresh_order():
    sampler = Reshuffling(1797, 100, seed=4)
    epochs = [torch.cat(list(sampler)) for _ in range(3)]
    for epoch in epochs:
        assert torch.equal(epoch.sort().values, torch.arange(1797))
    for one, other in ((0, 1), (1, 2), (0, 2)):
        # Two independent orders agree at Poisson(1) positions: 12 or more once in a billion times.
        assert (epochs[one] == epochs[other]).sum() < 12


def test_it_does_what_shuffle_does():
    """Same batches as torch's own, but for the order."""
    data = torch.arange(1797)
    theirs = DataLoader(data, batch_size=100, sampler=RandomSampler(data, generator=torch.Generator()))
    ours = DataLoader(data, batch_sampler=Reshuffling(1797, 100))
    assert [len(batch) for batch in ours] == [len(batch) for batch in theirs]
    assert torch.equal(torch.cat(list(ours)).sort().values, torch.cat(list(theirs)).sort().values)


def test_a_hundred_billion_examples():
    sampler = Reshuffling(10**11, 1024)
    sampler.set_epoch(10**6)
    sampler.position = 10**11 - 2000
    batches = list(sampler)
    assert [len(batch) for batch in batches] == [1024, 976]
    assert len(torch.cat(batches).unique()) == 2000
    assert len(sampler) == 97_656_250
