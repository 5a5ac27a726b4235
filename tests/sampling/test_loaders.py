"""The real loaders, with and without worker processes."""

from itertools import chain

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset
from torchdata.stateful_dataloader import StatefulDataLoader

from sooner import Batch, Indexed, collate
from sooner.integrations import guard
from sooner.sampling import RS2, GraB, InfoBatch, Reshuffling, SelectiveBackprop

pytestmark = [
    pytest.mark.filterwarnings("ignore:This DataLoader will create"),
    pytest.mark.filterwarnings("ignore:'set_vital' is deprecated"),
]

N, BATCH = 53, 8  # seven batches a round, the last of 5


class Squares:
    """Example i is (i, i * i); counts how it was asked."""

    def __init__(self):
        self.calls = []

    def __len__(self):
        return N

    def __getitem__(self, index):
        self.calls.append(index)
        return torch.tensor(float(index)), index * index

    def __getitems__(self, indices):
        self.calls.append(indices)
        return [(torch.tensor(float(index)), index * index) for index in indices]


def loader(sampler, workers=0, persistent=False, kind=DataLoader):
    return kind(
        Indexed(Squares()),
        batch_sampler=sampler,
        collate_fn=collate,
        num_workers=workers,
        persistent_workers=persistent,
    )


def stream(batches):
    result = []
    for batch in batches:
        assert isinstance(batch, Batch)
        assert torch.equal(batch.inputs, batch.index.float())
        assert torch.equal(batch.targets, batch.index**2)
        result.append(batch.index.tolist())
    return result


def unbroken(rounds, sampler=None):
    sampler = sampler or Reshuffling(N, BATCH)
    return [[batch.tolist() for batch in sampler] for _ in range(rounds)]


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (1, True), (2, False), (4, True)])
def test_every_round_through_a_loader(workers, persistent):
    batches = loader(Reshuffling(N, BATCH), workers, persistent)
    expected = unbroken(3)
    assert len(batches) == 7
    assert [stream(batches) for _ in range(3)] == expected


def test_a_plain_data_set_needs_no_collate():
    data = TensorDataset(torch.arange(N) * 10, torch.arange(N))
    for workers in (0, 2):
        batches = DataLoader(data, batch_sampler=Reshuffling(N, BATCH), num_workers=workers)
        assert [y.tolist() for x, y in batches] == unbroken(1)[0]


def test_a_batch_is_fetched_at_once_and_by_ints():
    data = Squares()
    batches = DataLoader(Indexed(data), batch_sampler=Reshuffling(N, BATCH), collate_fn=collate)
    next(iter(batches))
    assert data.calls == [unbroken(1)[0][0]]
    assert all(type(index) is int for index in data.calls[0])


def test_a_data_set_that_gives_one_at_a_time():
    data = TensorDataset(torch.arange(N) * 10, torch.arange(N))
    batch = Indexed(data).__getitems__(torch.tensor([4, 2]))
    assert batch == [(4, (torch.tensor(40), torch.tensor(4))), (2, (torch.tensor(20), torch.tensor(2)))]


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (2, False), (3, True)])
@pytest.mark.parametrize("used", [[1, 1], [4, 2], [3, 4], [6, 1], [7, 0]])
def test_resume_of_a_plain_loader(workers, persistent, used):
    """Interrupted in the second round, resumed, interrupted again: training uses the batches of the unbroken run."""
    sampler, seen = Reshuffling(N, BATCH), []
    batches = loader(sampler, workers, persistent)
    seen += stream(batches)
    for count in used:
        iterator = iter(batches)
        seen += [next(iterator).index.tolist() for _ in range(count)]
        state = sampler.state_dict(consumed=count)
        assert state["epoch"] == 1
        sampler = Reshuffling(N, BATCH)
        sampler.load_state_dict(state)
        batches = loader(sampler, workers, persistent)
    rest = stream(batches)
    assert len(rest) == 7 - sum(used)
    assert seen + rest + stream(batches) == [*chain.from_iterable(unbroken(3))]


def test_resume_behind_a_loader_that_looks_one_batch_ahead():
    def one_ahead(batches):
        iterator = iter(batches)
        held = next(iterator)
        for batch in iterator:
            yield held
            held = batch
        yield held

    sampler, seen = Reshuffling(N, BATCH), []
    for used, batch in enumerate(one_ahead(loader(sampler)), start=1):
        seen.append(batch.index.tolist())
        if used == 6:  # the sampler has handed out all seven
            break
    resumed = Reshuffling(N, BATCH)
    resumed.load_state_dict(sampler.state_dict(consumed=6))
    assert seen + stream(one_ahead(loader(resumed))) == unbroken(1)[0]


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (2, False), (2, True)])
@pytest.mark.parametrize("used", [0, 3, 7])
def test_resume_of_a_stateful_loader(workers, persistent, used):
    """Through its own state alone, in the second round; the rounds keep the numbers a loop has counted for them."""
    expected = unbroken(4)
    batches = loader(Reshuffling(N, BATCH), workers, persistent, StatefulDataLoader)
    seen = [stream(batches), []]
    iterator = iter(batches)
    seen[1] += [next(iterator).index.tolist() for _ in range(used)]
    state = batches.state_dict()
    del iterator, batches

    batches = loader(Reshuffling(N, BATCH), workers, persistent, StatefulDataLoader)
    batches.load_state_dict(state)
    seen[1] += stream(batches)
    seen += [stream(batches), stream(batches)]
    assert seen == expected


def test_a_stateful_loader_refuses_another_order():
    state = loader(Reshuffling(N, BATCH), kind=StatefulDataLoader).state_dict()
    batches = loader(Reshuffling(N, BATCH, seed=1), kind=StatefulDataLoader)
    batches.load_state_dict(state)
    with pytest.raises(ValueError, match="seed is 0 there and 1 here"):
        next(iter(batches))


def observed(sampler):
    return int(sampler.scores["loss"].isfinite().sum())


def test_a_stateful_loader_takes_along_what_was_observed():
    sampler = InfoBatch(N, BATCH)
    batches = loader(sampler, kind=StatefulDataLoader)
    for used, batch in enumerate(batches, start=1):
        sampler.observe(batch.index, batch.inputs)
        if used == 4:
            break
    resumed = InfoBatch(N, BATCH)
    again = loader(resumed, kind=StatefulDataLoader)
    again.load_state_dict(batches.state_dict())
    assert len(stream(again)) == 3
    assert observed(resumed) == 4 * BATCH


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("make", [InfoBatch, GraB, SelectiveBackprop])
def test_a_stateful_loader_that_would_lose_what_is_observed_is_refused(make, every):
    sampler = make(N, BATCH)
    batches = StatefulDataLoader(
        Indexed(Squares()), batch_sampler=sampler, collate_fn=collate, num_workers=2, snapshot_every_n_steps=every
    )
    with pytest.raises(
        RuntimeError, match=rf"{make.__name__} cannot be resumed .*StatefulDataLoader with workers.*guard"
    ):
        next(iter(batches))


def test_a_guarded_loader_with_workers_keeps_what_was_observed():
    """What the refusal says to do instead."""
    sampler = InfoBatch(N, BATCH)
    batches = guard(loader(sampler, workers=2))
    for used, batch in enumerate(batches, start=1):
        sampler.observe(batch.index, batch.inputs)
        if used == 4:
            state = batches.state_dict()
            break
    resumed = InfoBatch(N, BATCH)
    resumed.load_state_dict(state)
    assert observed(resumed) == 4 * BATCH


def test_rounds_of_different_length():
    batches = loader(RS2(N, BATCH, fraction=0.4), workers=2, persistent=True)  # 21, 21 and 11 examples
    lengths = []
    for _ in range(3):
        lengths.append((len(batches), len(stream(batches))))
    assert lengths == [(3, 3), (3, 3), (2, 2)]
