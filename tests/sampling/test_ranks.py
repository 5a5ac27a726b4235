"""A round shared among ranks, which one process can hold all of; and two processes that were not told to share it."""

from itertools import chain, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integrations.processes import in_two_processes
from torch import distributed as dist
from torch.utils.data import DataLoader

from sooner import Indexed, collate
from sooner.integrations import SamplerReplaced, guard
from sooner.sampling import InfoBatch, Reshuffling


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


def in_one_of_two():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    told = {"undivided": message(lambda: next(iter(Reshuffling(8, 4))))}
    told["loader"] = message(lambda: next(iter(DataLoader(range(8), batch_sampler=Reshuffling(8, 4)))))
    told["guarded"] = message(lambda: next(iter(guard(DataLoader(range(8), batch_sampler=Reshuffling(8, 4))))))
    told["whole"] = numbers(Reshuffling(8, 4).shard(0, 1))
    told["divided"] = numbers(Reshuffling(8, 4).shard(rank, 2))
    alone = InfoBatch(8, 4).shard(0, 1)  # each by itself: nothing is exchanged, so one may see more rounds
    for _ in range(2 + rank):
        for index in alone:
            alone.observe(index, index.float() * (rank + 1))
    told["alone"] = alone.scores["loss"].tolist()

    sampler = InfoBatch(48, 8).shard(rank, 2)
    data = Indexed([(index, index) for index in range(48)])
    batches = guard(DataLoader(data, batch_sampler=sampler, collate_fn=collate))
    for batch in batches:
        sampler.observe(batch.index, batch.index.float())
        break
    told["unexchanged"] = message(sampler.state_dict)
    for batch in batches:
        sampler.observe(batch.index, batch.index.float())
    sampler.scores.exchange()
    sampler.state_dict()
    told["known"] = sampler.scores["loss"].tolist()
    return told


def message(call):
    try:
        call()
    except (RuntimeError, SamplerReplaced) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def test_two_processes_that_would_train_on_the_same_are_stopped_and_told_what_to_do(tmp_path):
    for rank, told in enumerate(in_two_processes(in_one_of_two, tmp_path)):
        for case in ("undivided", "loader"):
            assert told[case].startswith("RuntimeError: torch.distributed has 2 processes, and this sampler would hand")
            assert f"call sampler.shard({rank}, 2) in this one" in told[case]
            assert "sampler.shard(0, 1)" in told[case]
        assert "SamplerReplaced: torch.distributed has 2 processes" in told["guarded"]
        assert "call sampler.shard(rank, world) in each" in told["guarded"]
        order = Reshuffling(8, 4).order(0)[:].tolist()
        assert told["whole"] == [order[:4], order[4:]]
        assert told["divided"] == [order[:4][rank::2], order[4:][rank::2]]
        assert told["alone"] == [float(index * (rank + 1)) for index in range(8)]
        assert f"rank {rank} has observed 4 examples since the processes last exchanged" in told["unexchanged"]
        assert "call sampler.scores.exchange() on every process, then save" in told["unexchanged"]
        assert told["known"] == [float(index) for index in range(48)]  # also what was seen before the loop was left
