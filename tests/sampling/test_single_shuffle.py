import torch

from sooner.sampling import Reshuffling, SingleShuffle


def test_the_same_batches_in_every_round():
    sampler = SingleShuffle(1000, 64, seed=3)
    rounds = [list(sampler) for _ in range(3)]
    assert torch.equal(torch.cat(rounds[0]).sort().values, torch.arange(1000))
    for batches in rounds[1:]:
        assert all(torch.equal(*pair) for pair in zip(rounds[0], batches, strict=True))


def test_its_order_is_the_first_of_reshuffling():
    """So the two, raced on one seed, see the same first epoch."""
    single, fresh = SingleShuffle(1000, 64, seed=3), Reshuffling(1000, 64, seed=3)
    assert torch.equal(torch.cat(list(single)), torch.cat(list(fresh)))
    assert not torch.equal(torch.cat(list(single)), torch.cat(list(fresh)))
