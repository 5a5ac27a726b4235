import torch

from sooner.random import derive, generator


def test_a_seed_never_changes():
    """A run can be repeated on every machine and in every later version."""
    assert derive(0) == 4246866556266386882
    assert derive(-(10**30), "order", 7) == 5002639574289547397


def test_every_part_of_the_purpose_counts():
    seeds = [
        derive(seed, *purpose)
        for seed in (0, 1, -1, 2**64)
        for purpose in ((), ("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), ("a", 1), ("a", "1"), (1,), (11,), (1, 1))
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_are_spread():
    """Each of the 63 bits is set in half of the seeds: within six standard deviations, over 4,096."""
    seeds = torch.tensor([derive(seed, "spread") for seed in range(4096)])
    for bit in range(63):
        assert abs(int(((seeds >> bit) & 1).sum()) - 2048) < 6 * 32


def test_generators_are_repeatable_and_apart():
    first = torch.rand(1000, generator=generator(1, "noise"))
    assert torch.equal(first, torch.rand(1000, generator=generator(1, "noise")))
    other = torch.rand(1000, generator=generator(1, "order"))
    assert abs(float(torch.corrcoef(torch.stack([first, other]))[0, 1])) < 6 / 1000**0.5


def test_the_global_state_is_left_alone():
    before = torch.get_rng_state()
    torch.rand(10, generator=generator(1, "noise"))
    assert torch.equal(torch.get_rng_state(), before)
