import torch

from sooner.sampling import DynamicRandom


def rounds(number, **options):
    sampler = DynamicRandom(100, 10, **options)
    return [torch.cat(list(sampler)).tolist() for _ in range(number)]


def test_a_fraction_that_is_drawn_anew_every_period():
    found = rounds(7, fraction=0.3, period=3)
    assert all(len(set(one)) == len(one) == 30 for one in found)
    kept = [frozenset(one) for one in found]
    assert kept[0] == kept[1] == kept[2] != kept[3] == kept[4] == kept[5] != kept[6]
    assert len({tuple(one) for one in found}) == 7  # each round has its own order


def test_all_examples_are_drawn_alike():
    times = torch.bincount(torch.tensor(rounds(2000, fraction=0.3)).flatten(), minlength=100)
    assert times.min() > 500  # 600 expected, standard deviation 20
    assert times.max() < 700


def test_at_least_one_example_is_kept():
    assert [len(one) for one in rounds(2, fraction=1e-9)] == [1, 1]
