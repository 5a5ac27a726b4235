"""A round shared among ranks. Nothing is communicated, so one process can hold all of them."""

from itertools import chain, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sooner.sampling import Reshuffling


def numbers(batches):
    return [batch.tolist() for batch in batches]


def flat(batches):
    return [*chain.from_iterable(batches)]


@given(world=st.integers(1, 9), more=st.integers(0, 8), n=st.integers(9, 60), epoch=st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_ranks_share_every_batch(world, more, n, epoch):
    batch_size = world + more

    def of(rank, world):
        sampler = Reshuffling(n, batch_size).shard(rank, world)
        sampler.set_epoch(epoch)
        assert len(sampler) == len(list(sampler))
        sampler.set_epoch(epoch)
        return numbers(sampler)

    ranks = [of(rank, world) for rank in range(world)]
    assert len({len(batches) for batches in ranks}) == 1
    together = []
    for parts in zip(*ranks, strict=True):
        sizes = [len(part) for part in parts]
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1
        union = [0] * sum(sizes)
        for rank, part in enumerate(parts):
            union[rank::world] = part
        together.append(union)
    assert flat(together) == flat(of(0, 1))
    full, rest = divmod(n, batch_size)
    sizes = [batch_size] * full
    if rest >= min(2 * world, batch_size) or (rest and not full):
        sizes.append(rest)
    elif rest:
        sizes[-1] += rest
    assert [len(batch) for batch in together] == sizes


def test_saved_with_four_ranks_resumed_with_two():
    n, batch_size = 102, 16  # six full batches and one of 6
    whole = sorted(Reshuffling(n, batch_size).order(0)[:].tolist())
    for taken in range(1, 7):
        four = [Reshuffling(n, batch_size).shard(rank, 4) for rank in range(4)]
        seen, states = [], []
        for sampler in four:
            iterator = iter(sampler)
            seen += flat(numbers(islice(iterator, taken)))
            states.append(sampler.state_dict())
        assert all(state == states[0] for state in states)
        for rank in range(2):
            sampler = Reshuffling(n, batch_size).shard(rank, 2)
            sampler.load_state_dict(states[rank])
            seen += flat(numbers(sampler))
        assert sorted(seen) == whole


def test_more_ranks_than_the_round_has_left():
    sampler = Reshuffling(102, 25)
    for _ in zip(range(4), sampler, strict=False):
        state = sampler.state_dict()
    sampler = Reshuffling(102, 25).shard(0, 4)
    sampler.load_state_dict(state)
    with pytest.raises(ValueError, match=r"2 examples left for 4 ranks.*at most 2, or go on with set_epoch\(1\)"):
        next(iter(sampler))
    sampler.shard(0, 2)
    assert [len(batch) for batch in sampler] == [1]


def test_shard_changes_the_sampler_itself():
    sampler = Reshuffling(100, 10)
    assert sampler.shard(1, 2) is sampler
    assert repr(sampler) == "Reshuffling(n=100, batch_size=10).shard(1, 2)"
    assert eval(repr(sampler)) == sampler != Reshuffling(100, 10)


@pytest.mark.parametrize(
    ("rank", "world", "message"),
    [
        (2, 2, "rank must be from 0 to 1 among 2 ranks, not 2"),
        (-1, 2, "rank must be at least 0"),
        (0, 0, "world, the number of ranks, must be at least 1, not 0"),
        (0, 11, "batch_size 10, which is that of all ranks together, leaves some of 11 ranks without"),
    ],
)
def test_impossible_ranks(rank, world, message):
    with pytest.raises(ValueError, match=message):
        Reshuffling(100, 10).shard(rank, world)
