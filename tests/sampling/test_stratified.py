from math import ceil, floor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sooner.sampling import Stratified


def counts(batch, targets, classes):
    return [int((targets[batch] == number).sum()) for number in classes]


def check(sizes, batch_size, equal, seed):
    """The definition: each batch holds each class in its share, rounded down or up; all seats are taken."""
    targets = torch.tensor([number for number, size in enumerate(sizes) for _ in range(size)])
    sampler = Stratified(
        len(targets), batch_size, seed=seed, targets=targets, counts="equal" if equal else "proportional"
    )
    seats = [max(sizes)] * len(sizes) if equal else sizes
    batches = torch.cat(list(sampler)).split(batch_size)  # a last one too short to stand alone comes with another
    assert sum(len(batch) for batch in batches) == sum(seats)
    for batch in batches:
        for found, size in zip(counts(batch, targets, range(len(sizes))), seats, strict=True):
            share = len(batch) * size / sum(seats)
            assert floor(share + 1e-9) <= found <= ceil(share - 1e-9)
    times = torch.bincount(torch.cat(batches), minlength=len(targets))
    for number, (size, seat) in enumerate(zip(sizes, seats, strict=True)):
        mine = times[targets == number]
        assert int(mine.sum()) == seat
        assert seat // size <= mine.min() <= mine.max() <= -(-seat // size)


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    batch_size=st.integers(1, 70),
    equal=st.booleans(),
    seed=st.integers(0, 2**30),
)
@settings(max_examples=150, deadline=None)
def test_every_class_in_its_share_in_every_batch(sizes, batch_size, equal, seed):
    check(sizes, batch_size, equal, seed)


def test_by_hand():
    """6 + 3 + 1 examples in batches of 5: 3, 1.5 and 0.5, so 3 1 1 and 3 2 0 in either order."""
    targets = torch.tensor([4] * 6 + [9] * 3 + [0])
    seen = set()
    for seed in range(20):
        batches = list(Stratified(10, 5, seed=seed, targets=targets))
        seen.add(tuple(tuple(counts(batch, targets, (4, 9, 0))) for batch in batches))
        assert torch.equal(torch.cat(batches).sort().values, torch.arange(10))
    assert seen == {((3, 1, 1), (3, 2, 0)), ((3, 2, 0), (3, 1, 1))}


def test_equal_counts_go_through_the_largest_class_once():
    targets = torch.tensor([0] * 90 + [1] * 30 + [2] * 7)
    batches = list(Stratified(127, 6, targets=targets, counts="equal"))
    assert len(batches) == 45
    assert all(counts(batch, targets, range(3)) == [2, 2, 2] for batch in batches)
    times = torch.bincount(torch.cat(batches), minlength=127)
    assert set(times[:90].tolist()) == {1}
    assert set(times[90:120].tolist()) == {3}
    assert set(times[120:].tolist()) == {12, 13}


def test_rounds_differ_and_the_classes_are_mixed_within_a_batch():
    targets = torch.arange(1000) % 2
    sampler = Stratified(1000, 100, targets=targets)
    rounds = [torch.cat(list(sampler)) for _ in range(20)]
    assert all((rounds[0] == other).sum() < 15 for other in rounds[1:])
    first_half = sum(int(targets[batch[:50]].sum()) for indices in rounds for batch in indices.split(100))
    assert stats.binomtest(first_half, 200 * 50).pvalue > 1e-6


def test_a_rare_class_comes_at_any_time_of_a_round():
    targets = torch.tensor([0] * 990 + [1] * 10)
    sampler = Stratified(1000, 10, targets=targets)
    places = torch.cat([(targets[torch.cat(list(sampler))] == 1).nonzero()[:, 0] for _ in range(60)])
    assert stats.kstest(places.numpy() / 1000, "uniform").pvalue > 1e-6


def test_bad_arguments():
    with pytest.raises(ValueError, match="needs targets, the class of each of the 10 examples"):
        Stratified(10, 5)
    with pytest.raises(ValueError, match="counts must be one of proportional, equal, not 'even'"):
        Stratified(10, 5, counts="even", targets=torch.zeros(10, dtype=torch.int64))
