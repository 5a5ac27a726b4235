import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sooner.sampling._ranking import hardest, random_part

SCORES = st.lists(st.sampled_from([0.0, 1.0, 2.5, float("nan"), float("inf"), -3.0]), min_size=1, max_size=40)


@given(SCORES, st.integers(0, 45), st.integers(0, 2**62))
def test_exactly_so_many_and_none_outside_is_harder(values, count, seed):
    scores = torch.tensor(values)
    kept = hardest(scores, count, seed)
    assert int(kept.sum()) == min(count, len(values))
    ranked = scores.nan_to_num(nan=torch.inf, posinf=torch.inf)
    if kept.any() and not kept.all():
        assert ranked[kept].min() >= ranked[~kept].max()


def test_what_was_never_seen_comes_first():
    assert hardest(torch.tensor([5.0, torch.nan, 7.0, torch.nan]), 2, 0).tolist() == [False, True, False, True]


def test_ties_are_broken_evenly():
    times = sum(hardest(torch.zeros(10), 3, seed).int() for seed in range(2000))
    assert times.sum() == 6000
    assert times.min() > 500  # 600 expected, standard deviation 20
    assert times.max() < 700


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (2, 2), (3, 3), (9, 3)])
def test_a_random_part_of_a_mask(count, expected):
    among = torch.tensor([True, False, True, True, False])
    part = random_part(among, count, 1)
    assert int(part.sum()) == expected
    assert not part[~among].any()
