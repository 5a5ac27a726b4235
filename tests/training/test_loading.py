import multiprocessing
import random

import pytest
import torch
from torch import Tensor

from sooner.augmentation import Cutout, Flip, Translate
from sooner.errors import DataError
from sooner.sampling import RS2, Reshuffling, Sampler
from sooner.tasks import InMemory, load_data
from sooner.training.loading import Loader, channel_statistics, evaluation_batches

DIGITS = load_data("digits").train
MEAN, STD = channel_statistics(DIGITS)
AUGMENT = (Flip(), Translate(pixels=1), Cutout(size=2))
ROUNDS = 2

Stream = list[tuple[int, Tensor, Tensor]]


def reshuffling() -> Sampler:
    return Reshuffling(len(DIGITS), 200, seed=3)


def rs2() -> Sampler:
    return RS2(len(DIGITS), 100, seed=3, fraction=0.3)


def loader(sampler: Sampler, workers: int = 0, augment=AUGMENT, examples=DIGITS, seed=5) -> Loader:
    return Loader(examples, sampler, augment=augment, mean=MEAN, std=STD, seed=seed, workers=workers)


def stream(over: Loader, rounds: int = ROUNDS) -> Stream:
    """(epoch, index, augmented pixels) of every batch until that many rounds are over."""
    seen = []
    while (epoch := over.state_dict()["epoch"]) < rounds:
        for batch in over:
            seen.append((epoch, batch.index, batch.inputs))
    return seen


def same(first: Stream, second: Stream) -> bool:
    return len(first) == len(second) and all(
        a[0] == b[0] and torch.equal(a[1], b[1]) and torch.equal(a[2], b[2]) for a, b in zip(first, second, strict=True)
    )


def test_a_batch_by_hand():
    (batch, *_) = loader(reshuffling(), augment=())
    assert torch.equal(batch.index, next(iter(reshuffling())))
    assert torch.equal(batch.targets, DIGITS.targets[batch.index])
    assert torch.equal(batch.weight, torch.ones(200))
    expected = (DIGITS.fetch(batch.index)[0] / 255 - MEAN.view(1, 1, 1)) / STD.view(1, 1, 1)
    assert torch.allclose(batch.inputs, expected, atol=1e-6)
    assert batch.inputs.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("make", [reshuffling, rs2])
def test_workers_give_the_same_batches(make):
    assert same(stream(loader(make())), stream(loader(make(), workers=2)))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("make", [reshuffling, rs2])
def test_resumed_at_random_places_the_stream_is_the_unbroken_one(make, workers):
    whole = stream(loader(make()))
    places = random.Random(workers).sample(range(1, len(whole)), 3)
    for place in places:
        first, head, state = loader(make(), workers), [], None
        while state is None:
            epoch = first.state_dict()["epoch"]
            for batch in first:
                head.append((epoch, batch.index, batch.inputs))
                if len(head) == place:
                    state = first.state_dict()  # in the middle of a step, as the loop takes it
                    break
        second = loader(make(), workers)
        second.load_state_dict(state)
        assert same(head + stream(second), whole)


@pytest.mark.parametrize("workers", [0, 2])
def test_the_state_after_the_last_batch_leads_to_the_next_round(workers):
    first = loader(reshuffling(), workers)
    for batch in first:
        state = first.state_dict()
        last = batch
    second = loader(reshuffling(), workers)
    second.load_state_dict(state)
    assert list(second) == []
    assert same(stream(second), stream(first))
    assert len(last.index) == len(DIGITS) % 200


@pytest.mark.parametrize("workers", [0, 2])
def test_an_abandoned_round_is_gone_on_with(workers):
    over = loader(reshuffling(), workers)
    head = []
    for batch in over:
        head.append((0, batch.index, batch.inputs))
        if len(head) == 2:
            break
    assert over.sampler.position == 400  # not where the workers have got to
    assert same(head + stream(over), stream(loader(reshuffling())))


@pytest.mark.parametrize("workers", [0, 2])
def test_the_round_can_be_chosen(workers):
    over = loader(reshuffling(), workers)
    list(over)
    over.sampler.set_epoch(0)
    assert same(stream(over), stream(loader(reshuffling())))


def test_augmentation_differs_between_rounds_seeds_and_positions():
    black = InMemory(torch.zeros(8, 1, 8, 8, dtype=torch.uint8), torch.zeros(8, dtype=torch.int64))

    def cuts(seed: int) -> list[Tensor]:
        over = Loader(black, Reshuffling(8, 4), augment=[Cutout(3)], mean=torch.ones(1), std=torch.ones(1), seed=seed)
        return [pixels for _, _, pixels in stream(over)]

    seen = cuts(0) + cuts(1)
    assert not any(torch.equal(a, b) for place, a in enumerate(seen) for b in seen[:place])


def test_ranks_share_the_batch_and_augment_their_own_parts():
    whole = [(batch.index, batch.inputs) for batch in loader(reshuffling(), augment=())]
    parts = [list(loader(reshuffling().shard(rank, 2), augment=())) for rank in (0, 1)]
    for (index, inputs), first, second in zip(whole, *parts, strict=True):
        assert torch.equal(index[0::2], first.index)
        assert torch.equal(index[1::2], second.index)
        assert torch.equal(inputs[1::2], second.inputs)
    black = InMemory(torch.zeros(40, 1, 8, 8, dtype=torch.uint8), torch.zeros(40, dtype=torch.int64))
    statistics = {"mean": torch.ones(1), "std": torch.ones(1)}
    cuts = [
        next(iter(Loader(black, Reshuffling(40, 20).shard(rank, 2), augment=[Cutout(3)], **statistics)))
        for rank in (0, 1)
    ]
    assert not torch.equal(cuts[0].inputs, cuts[1].inputs)


def test_progress_is_handed_to_the_augmentations():
    told = []

    def note(inputs, progress, generator):
        told.append(progress)
        return inputs

    over = loader(reshuffling(), augment=[note], workers=2)
    for step, _ in enumerate(over, start=1):
        over.progress = step / 100
    assert told == [step / 100 for step in range(len(told))]


@pytest.mark.parametrize("workers", [0, 2])
def test_weights_are_the_samplers_as_they_are_when_the_batch_is_used(workers):
    class Weighing(Reshuffling):
        factor = 1.0

        def weight(self, index):
            return self.factor * index.float()

    sampler = Weighing(len(DIGITS), 200)
    for batch in loader(sampler, workers):
        assert torch.equal(batch.weight, sampler.factor * batch.index)
        sampler.factor += 1.0


@pytest.mark.parametrize("workers", [0, 1])
def test_global_random_state_is_left_alone(workers):
    before = torch.get_rng_state()
    stream(loader(reshuffling(), workers), rounds=1)
    assert torch.equal(torch.get_rng_state(), before)


class Spoilt(InMemory):
    """Digits of which one cannot be read."""

    def fetch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        if (index == 7).any():
            raise DataError("the image of row 7 cannot be decoded")
        return super().fetch(index)

    def to(self, device: torch.device) -> "Spoilt":
        return self


@pytest.mark.parametrize("workers", [0, 2])
def test_an_example_that_cannot_be_read_is_told_without_a_workers_traceback(workers):
    over = loader(reshuffling(), workers, examples=Spoilt(*DIGITS.fetch(torch.arange(len(DIGITS)))))
    with pytest.raises(DataError, match=r"^the image of row 7 cannot be decoded$"):
        list(over)


def test_closing_ends_the_workers_and_nothing_else():
    before = set(multiprocessing.active_children())
    over = loader(reshuffling(), workers=2)
    first = stream(over, rounds=1)
    assert len(set(multiprocessing.active_children()) - before) == 2
    over.close()
    assert not set(multiprocessing.active_children()) - before
    assert same(first + stream(over), stream(loader(reshuffling())))


def test_bad_arguments():
    with pytest.raises(ValueError, match=f"the sampler is over 10 examples, but there are {len(DIGITS)}"):
        Loader(DIGITS, Reshuffling(10, 2))
    with pytest.raises(ValueError, match="workers must be at least 0, not -1"):
        loader(reshuffling(), workers=-1)
    elsewhere = InMemory(torch.empty(9, 1, 8, 8, dtype=torch.uint8, device="meta"), torch.empty(9, dtype=torch.int64))
    elsewhere.targets = elsewhere.targets.to("meta")
    with pytest.raises(ValueError, match="worker processes cannot fetch from meta"):
        Loader(elsewhere, Reshuffling(9, 2), workers=1)


def test_a_state_is_not_loaded_under_a_running_iteration():
    over = loader(reshuffling(), workers=1)
    running = iter(over)
    next(running)
    with pytest.raises(ValueError, match="an iteration over this loader is in progress"):
        over.load_state_dict(over.state_dict())


def test_evaluation_batches_are_all_examples_in_order():
    batches = list(evaluation_batches(DIGITS, 500, mean=MEAN, std=STD))
    assert [len(batch) for batch in batches] == [500] * (len(DIGITS) // 500) + [len(DIGITS) % 500]
    index = torch.cat([batch.index for batch in batches])
    assert torch.equal(index, torch.arange(len(DIGITS)))
    assert torch.equal(torch.cat([batch.targets for batch in batches]), DIGITS.targets)
    assert torch.equal(torch.cat([batch.weight for batch in batches]), torch.ones(len(DIGITS)))
    trained = {
        int(i): x for batch in loader(reshuffling(), augment=()) for i, x in zip(batch.index, batch.inputs, strict=True)
    }
    assert torch.equal(
        torch.cat([batch.inputs for batch in batches]), torch.stack([trained[i] for i in index.tolist()])
    )


def test_evaluation_in_batches_of_nothing():
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        next(evaluation_batches(DIGITS, 0))
