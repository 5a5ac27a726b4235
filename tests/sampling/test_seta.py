import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from sooner.sampling import SeTa
from sooner.sampling.seta import group_by_value


def test_groups_by_hand():
    values = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 9.0])
    assert group_by_value(values, 3).tolist() == [0, 3, 5, 6]
    assert group_by_value(values, 1).tolist() == [0, 6]
    assert group_by_value(np.ones(6), 3).tolist() == [0, 2, 4, 6]
    assert sorted(set(group_by_value(np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0]), 4).tolist())) == [0, 4, 6]


@pytest.mark.parametrize("power", [1, 4])
def test_groups_are_as_tight_as_those_of_a_library(power):
    values = np.sort(np.random.default_rng(0).exponential(size=2000) ** power)
    bounds = group_by_value(values, 5)
    assert (np.diff(bounds) > 0).all()

    def inertia(bounds):
        return sum(((part - part.mean()) ** 2).sum() for part in np.split(values, bounds[1:-1]))

    library = KMeans(5, random_state=0, n_init=10).fit(values[:, None]).inertia_
    assert inertia(bounds) <= 1.05 * library


def window(epoch, progress=0.0, **options):
    """The examples of round `epoch`, after losses in five plain groups of twenty were seen."""
    sampler = SeTa(100, 10, **options)
    sampler.observe(torch.arange(100), torch.arange(100) // 20 * 10.0)
    sampler.set_epoch(epoch)
    sampler.progress = progress
    return torch.cat(list(sampler)).sort().values


def test_the_window_slides_from_easy_to_hard_and_starts_over():
    starts = []
    for epoch in range(1, 9):
        kept = window(epoch, prune_ratio=0.0, groups=5, window=0.4)
        assert torch.equal(kept, torch.arange(int(kept[0]), int(kept[0]) + 40))
        starts.append(int(kept[0]) // 20)
    assert starts == [1, 2, 3, 0, 1, 2, 3, 0]


def test_the_first_round_and_the_end_phase_have_no_window():
    for kept in (window(0, prune_ratio=0.3), window(3, 0.875, prune_ratio=0.3)):
        assert len(kept) == 70
        assert len(set((kept // 20).tolist())) == 5
    assert not torch.equal(window(0, prune_ratio=0.3), window(3, 0.9, prune_ratio=0.3))


def test_a_random_part_is_left_out_before_the_window():
    kept = window(1, prune_ratio=0.3, window=0.4)
    assert 18 <= len(kept) <= 38  # 28 expected
    assert set((kept // 20).tolist()) == {1, 2}


def test_an_example_never_seen_stays():
    sampler = SeTa(10, 2, prune_ratio=0.0, groups=2, window=0.5)
    sampler.observe(torch.arange(8), torch.tensor([0.0] * 4 + [1.0] * 4))
    sampler.set_epoch(1)
    assert torch.cat(list(sampler)).sort().values.tolist() == [4, 5, 6, 7, 8, 9]


def test_bad_options():
    with pytest.raises(ValueError, match="groups must be at least 1, not 0"):
        SeTa(10, 2, groups=0)
    with pytest.raises(ValueError, match="window must be above 0 and at most 1, not 0"):
        SeTa(10, 2, window=0)
