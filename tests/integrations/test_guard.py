"""A plain loop: every loss on its own example, other batches noticed, and a state that is where training is."""

from dataclasses import replace
from itertools import chain, islice

import pytest
import torch
import torch.distributed as dist
from accelerate import Accelerator
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

import sooner
from sooner.integrations import SamplerReplaced, guard
from sooner.integrations.accelerate import prepare
from sooner.integrations.lightning import Rounds
from sooner.sampling import (
    IES,
    UCB,
    EpsilonGreedy,
    GraB,
    HardBatches,
    ImportanceSampling,
    InfoBatch,
    Kakurenbo,
    ProgressiveDropout,
    Reshuffling,
    SelectiveBackprop,
    SeTa,
)
from tests.integrations.example import (
    BATCH,
    IMAGES,
    SAMPLERS,
    N,
    Noted,
    NotedRS2,
    credited,
    expected,
    loader,
    losses_of,
)
from tests.integrations.example import network as make_network
from tests.integrations.processes import in_two_processes


def train(batches, sampler, network=None, parts=1):
    network = network or make_network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    while sampler.epoch < sampler.rounds:
        for batch in batches:
            micro = list(batch.split(parts))  # of a small batch fewer parts, so ranks sync once per batch, not per part
            for number, part in enumerate(micro, start=1):
                if isinstance(network, DistributedDataParallel):
                    network.require_backward_grad_sync = number == len(micro)
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    losses = losses_of(network(part.inputs), part.inputs, part.targets)
                sampler.observe(part.index, losses.detach())
                (losses.sum() / len(batch)).backward()
            optimizer.step()
            optimizer.zero_grad()


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("parts", [1, 4])
@pytest.mark.parametrize("workers", [0, 2])
def test_every_loss_lands_on_its_own_example(kind, parts, workers):
    sampler = SAMPLERS[kind](N, BATCH)
    train(guard(loader(sampler, workers)), sampler, parts=parts)
    assert credited(sampler.noted)
    assert sampler.noted == expected(SAMPLERS[kind])


def ddp(parts):
    dist.init_process_group("gloo")
    sampler = Noted(N, BATCH).shard(dist.get_rank(), dist.get_world_size())
    train(guard(loader(sampler)), sampler, network=DistributedDataParallel(make_network()), parts=parts)
    sampler.scores.exchange()
    return sampler.noted, sampler.scores["loss"]


@pytest.mark.parametrize("parts", [1, 4])
def test_every_loss_lands_on_its_own_example_in_two_processes(parts, tmp_path):
    (first, scores), (second, same) = in_two_processes(ddp, tmp_path, parts)
    assert credited(first)
    assert credited(second)
    assert sorted(first + second) == sorted(expected())
    assert scores.tolist() == same.tolist() == list(range(N))


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_its_state_is_where_training_is(kind, workers):
    whole = expected(SAMPLERS[kind])
    for stop in SAMPLERS[kind].stops[:: 1 + workers]:
        sampler = SAMPLERS[kind](N, BATCH)
        batches = guard(loader(sampler, workers))
        state, used = None, 0
        while used < stop:
            for batch in batches:
                sampler.observe(batch.index, batch.inputs[:, 0])
                state, used = batches.state_dict(), used + 1
                if used == stop:
                    break
        resumed = SAMPLERS[kind](N, BATCH)
        again = guard(loader(resumed, workers))
        again.load_state_dict(state)
        train(again, resumed)
        assert sampler.noted + resumed.noted == whole


def test_left_early_it_goes_on_after_the_last_batch_used():
    sampler = Noted(N, BATCH)
    batches = guard(loader(sampler, workers=2))
    for count in (3, 2, 100):
        for batch in islice(batches, count):
            sampler.observe(batch.index, batch.inputs[:, 0])
    assert sampler.noted == expected(rounds=1)


def test_no_state_is_loaded_while_an_iteration_is_in_progress():
    batches = guard(loader(Noted(N, BATCH)))
    for _ in batches:
        with pytest.raises(ValueError, match="in progress; leave it"):
            batches.load_state_dict(batches.state_dict())
        break
    batches.load_state_dict(batches.state_dict())


def shuffled(batch_sampler):
    return DataLoader(sooner.Indexed(IMAGES), batch_sampler=batch_sampler, collate_fn=sooner.collate)


def test_batches_of_another_sampler_are_noticed():
    sampler = Reshuffling(N, BATCH)
    other = shuffled(BatchSampler(RandomSampler(range(N)), BATCH, drop_last=False))
    with pytest.raises(SamplerReplaced, match=r"the sampler was not asked for\. Give the loader the sampler"):
        next(iter(guard(other, sampler)))


class EverySecond:
    """What a framework does to share batches among processes."""

    def __init__(self, sampler):
        self.sampler = sampler

    def __iter__(self):
        return islice(self.sampler, 0, None, 2)


def test_batches_left_out_are_noticed():
    sampler = Reshuffling(N, BATCH)
    batches = iter(guard(shuffled(EverySecond(sampler)), sampler))
    next(batches)
    order = Reshuffling(N, BATCH).order(0)
    with pytest.raises(SamplerReplaced, match=rf"should hold examples {order[BATCH : BATCH + 1].item()}, .* and holds"):
        next(batches)


def test_batches_without_an_index_are_noticed():
    with pytest.raises(SamplerReplaced, match=r"a list has arrived with no int64 tensor `index`.*sooner\.Indexed"):
        next(iter(guard(DataLoader(IMAGES, batch_sampler=Reshuffling(N, BATCH)))))


def test_a_loader_of_another_kind_is_refused():
    with pytest.raises(TypeError, match=r"expected DataLoader\(.*, not a loader with a BatchSampler"):
        guard(DataLoader(IMAGES, batch_size=4))
    with pytest.raises(TypeError, match="not list"):
        guard([])


@pytest.mark.parametrize("make", [Noted, GraB, lambda n, size: SelectiveBackprop(n, size, warmup=0)])
def test_a_sampler_that_chooses_and_is_told_nothing_is_noticed(make):
    sampler = make(N, BATCH)
    batches = guard(loader(sampler))
    with pytest.raises(RuntimeError, match=r"was told nothing of two rounds.*call sampler\.observe\(batch\.index"):
        list(chain(batches, batches, batches, batches))
    assert sampler.epoch >= 2


@pytest.mark.parametrize(
    "make", [Reshuffling, lambda n, size: ProgressiveDropout(n, size, variant="scalar"), NotedRS2, SelectiveBackprop]
)
def test_a_sampler_that_need_not_be_told_is_left_in_peace(make):
    sampler = make(N, BATCH)
    for _ in range(2):  # the first of which selective backprop leaves alone
        for _ in guard(loader(sampler)):
            pass


def test_scores_from_before_are_enough():
    sampler = Noted(N, BATCH)
    sampler.scores.update(torch.arange(N), loss=torch.linspace(0, 1, N))  # say, of another model
    batches = guard(loader(sampler))
    assert len(list(chain(batches, batches, batches, batches))) < 4 * (N // BATCH)
    assert sampler.epoch == 4
    every_few = Noted(N, BATCH)
    batches = guard(loader(every_few))
    for batch in batches:
        every_few.observe(batch.index, batch.index.float())
    list(chain(batches, batches, batches))
    assert every_few.epoch == 4


@pytest.mark.parametrize("make", [EpsilonGreedy, HardBatches, IES, ImportanceSampling, InfoBatch, Kakurenbo, SeTa, UCB])
def test_no_sampler_has_scores_before_it_is_told_any(make):
    sampler = make(N, BATCH, **({"fraction": 0.5} if make in (EpsilonGreedy, HardBatches, UCB) else {}))
    list(sampler), list(sampler)
    assert not sampler._knows


def test_the_weight_of_a_batch_is_the_samplers():
    for wrap in (lambda made: guard(made), Rounds, lambda made: prepare(Accelerator(cpu=True), made)):
        sampler, seen = Noted(N, BATCH), []
        while sampler.epoch < 2:
            for batch in wrap(loader(sampler)):
                seen.append(batch.weight)
                assert torch.equal(batch.weight, sampler.weight(batch.index))
                sampler.observe(batch.index, batch.index.float())
        # Of the examples below the mean, 165 on average, half are left out, and the others count for two.
        assert set(torch.cat(seen).tolist()) == {1.0, 2.0}


def test_a_weight_of_the_loops_own_is_kept():
    collate = lambda items: replace(sooner.collate(items), weight=torch.full((len(items),), 3.0))
    sampler = Noted(N, BATCH)
    for _ in range(2):
        for batch in guard(DataLoader(sooner.Indexed(IMAGES), batch_sampler=sampler, collate_fn=collate)):
            assert torch.equal(batch.weight, 3 * sampler.weight(batch.index))
            sampler.observe(batch.index, batch.index.float())
