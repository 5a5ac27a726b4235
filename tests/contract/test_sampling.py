"""What every sampling method must do, whichever it is. A method is here by being registered; none is exempt."""

import inspect
import io
import pickle
import random
from itertools import islice

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import sooner
from sooner.registry import methods
from sooner.sampling import Sampler, Screening, make

METHODS = methods(seam="sampling")
BATCH = 50
ROUNDS = 3

pytestmark = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)


def digits():
    """The 1,797 real images of the digits set."""
    data = load_digits()
    return TensorDataset(torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target))


DIGITS = digits()
N = len(DIGITS)
FEW = 441  # where a stream is walked many times; a round ends in a short batch
TARGETS = DIGITS.tensors[1]


def build(method, seed=0, batch_size=BATCH, n=N):
    return make(method.name, n, batch_size, seed=seed, targets=TARGETS[:n], **method.example)


def load(sampler, workers=0):
    return DataLoader(
        sooner.Indexed(DIGITS),
        batch_sampler=sampler,
        collate_fn=sooner.collate,
        num_workers=workers,
        generator=torch.Generator(),  # or the loader itself draws from the global state
    )


def losses_of(index, epoch):
    """A loss for every example that differs from round to round, so that what looks at losses has something to see."""
    return torch.sin(index * 0.37 + epoch).abs()


def walk(sampler, rounds, workers=0):
    """(epoch, indices, state after it) of every batch that training uses, with its losses observed."""
    while sampler.epoch < rounds:
        epoch = sampler.epoch  # read before a loader with workers runs ahead
        for used, batch in enumerate(load(sampler, workers), start=1):
            index = batch.index
            if isinstance(sampler, Screening) and sampler.screens(index):
                keep, weight = sampler.screen(index, losses_of(index, epoch))
                assert (keep.dtype, weight.dtype) == (torch.bool, torch.float32)
                index = batch.select(keep, weight).index
            sampler.observe(index, losses_of(index, epoch))
            yield epoch, index.tolist(), sampler.state_dict(consumed=used)


def stream(walked):
    return [(epoch, indices) for epoch, indices, _ in walked]


def saved_and_loaded(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def equal(one, other):
    """Whether two states, plain data and tensors, are the same; examples never seen have no score, NaN."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one.nan_to_num(nan=-1.0), other.nan_to_num(nan=-1.0))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    return one == other


@torch.no_grad()
def mean_loss(model):
    return float(cross_entropy(model(DIGITS.tensors[0]), TARGETS))


def train(sampler, rounds, autocast=False, parts=1):
    """A plain loop. Returns the mean loss over all digits, before and after."""
    model = torch.nn.Linear(64, 10)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    before = mean_loss(model)
    for _ in range(rounds):
        for batch in load(sampler):
            optimizer.zero_grad()
            for part in batch.split(parts):
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                    losses = cross_entropy(model(part.inputs), part.targets, reduction="none")
                sampler.observe(part.index, losses.detach())
                ((losses * sampler.weight(part.index)).sum() / len(batch)).backward()
            optimizer.step()
    return before, mean_loss(model), model.weight.grad


def test_it_trains_in_a_plain_loop(method):
    before, after, _ = train(build(method), ROUNDS)
    assert after < before / 2


def test_it_trains_under_bf16_autocast(method):
    before, after, _ = train(build(method), ROUNDS, autocast=True)
    assert after < before / 2


def test_gradient_accumulation_gives_the_full_batch_gradient(method):
    (_, whole_loss, whole), (_, parts_loss, parts) = train(build(method), 1), train(build(method), 1, parts=4)
    assert whole.abs().max() > 0
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-6)
    assert parts_loss == pytest.approx(whole_loss, rel=1e-4)


@pytest.mark.parametrize("workers", [0, 2])
def test_it_resumes_exactly_in_the_middle_of_a_round(method, workers):
    unbroken = stream(walk(build(method, n=FEW), ROUNDS))
    assert {epoch for epoch, _ in unbroken} == set(range(ROUNDS))
    draw = random.Random(f"{method.name} {workers}")
    for _ in range(2 if workers else 12):
        walked = list(islice(walk(build(method, n=FEW), ROUNDS, workers), draw.randint(1, len(unbroken))))
        resumed = build(method, n=FEW)
        resumed.load_state_dict(saved_and_loaded(walked[-1][2]))
        assert stream(walked) + stream(walk(resumed, ROUNDS, workers)) == unbroken


def test_a_state_of_another_seed_or_size_is_refused(method):
    state = build(method).state_dict()
    with pytest.raises(ValueError, match="seed is 0 there and 1 here"):
        build(method, seed=1).load_state_dict(state)
    with pytest.raises(ValueError, match=f"batch_size is {BATCH} there and {BATCH + 1} here"):
        build(method, batch_size=BATCH + 1).load_state_dict(state)


def test_global_random_state_is_neither_read_nor_written(method):
    def use():
        sampler = build(method)
        result = stream(walk(sampler, 2)), sampler.weight(torch.arange(9)).tolist()
        pickle.loads(pickle.dumps(sampler)).load_state_dict(sampler.state_dict())
        return result

    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002

    before = states()
    first = use()
    assert states() == before
    torch.manual_seed(1234)
    np.random.seed(1234)  # noqa: NPY002
    random.seed(1234)
    assert use() == first


@pytest.mark.parametrize("world", [2, 4])
def test_ranks_agree(method, world):
    alone = build(method)
    ranks = [build(method).shard(rank, world) for rank in range(world)]
    for _ in range(ROUNDS):
        parts = [list(sampler) for sampler in ranks]
        assert len({len(part) for part in parts}) == 1
        for batch in zip(*parts, strict=True):
            sizes = [len(part) for part in batch]
            assert 1 <= min(sizes) <= max(sizes) <= min(sizes) + 1
        together = torch.cat([part for parts_of_rank in parts for part in parts_of_rank])
        assert torch.equal(together.sort().values, torch.cat(list(alone)).sort().values)


def test_saved_at_four_ranks_resumed_at_two(method):
    whole = torch.cat(list(build(method))).sort().values
    taken = len(build(method)) // 2
    parts, states = [], []
    for rank in range(4):
        sampler = build(method).shard(rank, 4)
        parts += islice(sampler, taken)
        states.append(sampler.state_dict())
    assert all(equal(state, states[0]) for state in states)
    for rank in range(2):
        sampler = build(method).shard(rank, 2)
        sampler.load_state_dict(saved_and_loaded(states[3]))
        parts += list(sampler)
    assert torch.equal(torch.cat(parts).sort().values, whole)


def test_every_batch_is_int64_and_in_range(method):
    sampler = build(method)
    for _ in range(ROUNDS):
        expected = len(sampler)
        batches = list(sampler)
        assert len(batches) == expected > 0
        for batch in batches:
            assert batch.dtype == torch.int64
            assert 0 <= batch.min() <= batch.max() < N
            weight = sampler.weight(batch)
            assert weight.shape == batch.shape
            assert weight.dtype == torch.float32
            assert weight.isfinite().all()


def test_the_seed_makes_the_order(method):
    first = stream(walk(build(method, seed=5), 2))
    assert stream(walk(build(method, seed=5), 2)) == first
    assert stream(walk(build(method, seed=6), 2)) != first


def test_it_can_be_pickled_in_the_middle_of_a_round(method):
    sampler = build(method)
    next(iter(sampler))
    again = pickle.loads(pickle.dumps(sampler))
    assert again == sampler
    assert stream(walk(again, 2)) == stream(walk(sampler, 2))


def test_its_repr_makes_it_again(method):
    names = {method.make.__name__: method.make, "targets": TARGETS}
    for sampler in (build(method, seed=3), build(method).shard(1, 2)):
        assert eval(repr(sampler), names) == sampler


def test_bad_arguments_are_named(method):
    for n, batch_size, name in ((0, BATCH, "n, the number"), (N, 0, "batch_size"), (N, 2.5, "batch_size")):
        with pytest.raises((ValueError, TypeError), match=f"{name}.* must be .*, not {batch_size if n else n}"):
            make(method.name, n, batch_size, targets=TARGETS[:n], **method.example)
    for option in method.example:
        with pytest.raises((ValueError, TypeError), match=f"{option} must be .*, not 'nonsense'"):
            make(method.name, N, BATCH, targets=TARGETS, **{**method.example, option: "nonsense"})
    with pytest.raises(TypeError, match=f"{method.name} has no option colour; its options are"):
        make(method.name, N, BATCH, colour="red")
    with pytest.raises(ValueError, match="rank must be from 0 to 1"):
        build(method).shard(2, 2)


def test_its_record_is_complete(method):
    assert issubclass(method.make, Sampler)
    assert all((method.title, method.paper, method.changes, method.costs, method.helps, method.hurts))
    assert (method.year is None) == (method.paper == "folklore")
    needed = {name for name, option in method.options.items() if option.default is inspect.Parameter.empty}
    assert needed <= set(method.example) <= set(method.options)
    assert "Args:" in inspect.getdoc(method.make)
