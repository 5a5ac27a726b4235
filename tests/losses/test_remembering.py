"""The memory of a loss: on the host and, as if the CPU were an accelerator, on the device."""

import pickle
import warnings

import pytest
import torch
from tests.integrations.processes import in_two_processes
from torch import distributed

from sooner.losses import ELR, PSKD, _remembering
from sooner.sampling import ScoreStore

N, CLASSES = 9, 3


def batch(seed, size=5):
    draw = torch.Generator().manual_seed(seed)
    index = torch.randint(N, (size,), generator=draw)  # some of them twice
    return torch.randn(size, CLASSES, generator=draw), index % CLASSES, index


def run(loss, seeds):
    if isinstance(loss, PSKD):
        loss.progress = 0.5
    return [loss(*batch(seed)) for seed in seeds]


@pytest.fixture
def away(monkeypatch):
    """Takes the CPU for an accelerator."""
    monkeypatch.setattr(_remembering, "_HOST", set())


@pytest.fixture(params=[ELR, PSKD])
def kind(request):
    return request.param


def equal(one, other):
    return torch.equal(one.nan_to_num(nan=-1.0), other.nan_to_num(nan=-1.0))


def test_on_a_device_it_is_what_it_is_on_the_host(kind, away):
    here, there = kind(N, CLASSES, memory="host"), kind(N, CLASSES)
    for one, other in zip(run(here, range(30)), run(there, range(30)), strict=True):
        assert torch.equal(one, other)
    assert there._copy is not None
    assert here._copy is None
    assert equal(here.scores[here.column], there.scores[there.column])


def test_of_duplicates_the_last_stays(away):
    for memory in ("host", "device"):
        loss = PSKD(N, CLASSES, memory=memory)
        outputs, index = torch.randn(6, CLASSES, generator=torch.Generator().manual_seed(0)), torch.tensor([7, 2] * 3)
        loss(outputs, torch.zeros(6, dtype=torch.int64), index)
        torch.testing.assert_close(loss.scores["prediction"][[2, 7]], outputs.softmax(1)[[5, 4]])


def test_the_store_learns_only_what_has_changed(kind, away):
    loss = kind(N, CLASSES)
    loss.scores.recording = True
    run(loss, [1])
    assert not loss._scores.observed()["index"].numel()
    assert loss.scores.observed()["index"].tolist() == sorted(set(batch(1)[2].tolist()))
    version = loss.scores.version
    assert loss.scores.version == version


@pytest.mark.parametrize("where", ["host", "device"])
def test_two_processes_come_level(kind, where, away):
    left, right = kind(N, CLASSES, memory=where), kind(N, CLASSES, memory=where)
    for loss in (left, right):
        loss.scores.recording = True
    run(left, [0, 1])
    run(right, [2, 3])
    alone = kind(N, CLASSES, memory=where)
    everyones = [left.scores.observed(), right.scores.observed()]
    for loss in (left, right, alone):
        loss.scores.merge(everyones)
    for one, other, third in zip(*(run(loss, [4, 5]) for loss in (left, right, alone)), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one, third)


def test_what_others_write_to_a_store_that_is_held_on_to_is_not_lost(kind, away):
    """Nor what the device has and the store does not know yet."""
    loss = kind(N, CLASSES)
    store = loss.scores
    loss(torch.ones(1, CLASSES), torch.tensor([0]), torch.tensor([4]))
    store.update(torch.tensor([8]), **{loss.column: torch.tensor([[0.2, 0.3, 0.5]])})
    loss(torch.ones(1, CLASSES), torch.tensor([0]), torch.tensor([5]))
    assert torch.equal(loss.scores[loss.column][8], torch.tensor([0.2, 0.3, 0.5]))
    assert torch.equal(loss._copy[8], torch.tensor([0.2, 0.3, 0.5]))
    assert torch.equal(loss.scores[loss.column][4], loss.scores[loss.column][5])
    assert loss.scores[loss.column][4].sum() > 0


def test_a_state_taken_on_a_device_goes_on_anywhere(kind, away, monkeypatch):
    loss = kind(N, CLASSES)
    run(loss, range(5))
    state, copy = loss.state_dict(), pickle.loads(pickle.dumps(loss))
    expected = run(loss, range(5, 9))
    loss.load_state_dict(state)
    assert all(torch.equal(*pair) for pair in zip(run(loss, range(5, 9)), expected, strict=True))
    assert all(torch.equal(*pair) for pair in zip(run(copy, range(5, 9)), expected, strict=True))
    monkeypatch.setattr(_remembering, "_HOST", {"cpu"})
    on_host = kind(N, CLASSES)
    on_host.load_state_dict(state)
    assert all(torch.equal(*pair) for pair in zip(run(on_host, range(5, 9)), expected, strict=True))


@pytest.mark.parametrize("where", ["host", "device"])
def test_an_ignored_example_is_not_remembered_even_beside_itself(kind, where, away):
    """Example 4 comes three times and counts in the middle, 6 never counts, 7 always."""
    loss, alone = kind(N, CLASSES, memory=where, ignore_index=-1), kind(N, CLASSES, memory=where)
    for one in (loss, alone):
        one.scores.recording = True
    outputs = torch.randn(5, CLASSES, generator=torch.Generator().manual_seed(0))
    loss(outputs, torch.tensor([-1, 0, -1, -1, 2]), torch.tensor([4, 4, 4, 6, 7]))
    alone(outputs[[1, 4]], torch.tensor([0, 2]), torch.tensor([4, 7]))
    assert equal(loss.scores[loss.column], alone.scores[alone.column])
    assert loss.scores.observed()["index"].tolist() == [4, 7]


@pytest.mark.parametrize("where", ["host", "device"])
def test_predictions_that_are_not_finite_are_passed_over(kind, where, away):
    loss = kind(N, CLASSES, memory=where)
    run(loss, [0])
    known = loss.scores[loss.column].clone()
    for bad in (torch.inf, torch.nan):
        outputs = torch.tensor([[bad, 0.0, 0.0]] * N)
        assert loss(outputs, torch.zeros(N, dtype=torch.int64), torch.arange(N)).isnan().all()
        assert equal(loss.scores[loss.column], known)


def test_a_memory_mapped_store_in_its_place(kind, tmp_path):
    loss, mapped = kind(N, CLASSES), kind(N, CLASSES)
    mapped.scores.recording = True
    mapped.scores = ScoreStore(N, mapped.columns, path=tmp_path)
    assert mapped.scores.recording
    for one, other in zip(run(loss, range(5)), run(mapped, range(5)), strict=True):
        assert torch.equal(one, other)
    for wrong in (ScoreStore(N + 1, loss.columns), ScoreStore(N, kind(N, 4).columns), ScoreStore(N, {"loss": 0.0})):
        with pytest.raises(ValueError, match="scores must be a store of 9 examples with the columns of this loss"):
            loss.scores = wrong


def test_what_does_not_fit_is_named(kind):
    loss, (outputs, targets, index) = kind(N, CLASSES), batch(0)
    with pytest.raises(ValueError, match="made for 3 classes, but there are 4 outputs"):
        loss(torch.ones(5, 4), targets, index)
    for wrong in (index[:-1], index.float(), index[:, None]):
        with pytest.raises(ValueError, match=r"index must be the position .* each of the 5 examples, int64"):
            loss(outputs, targets, wrong)
    with pytest.raises(IndexError, match="indices must be from 0 to 8"):
        loss(outputs, targets, index + N)
    assert loss.scores.version == 0


def in_one_of_two():
    distributed.init_process_group("gloo")
    outputs, targets, index = torch.zeros(4, CLASSES), torch.zeros(4, dtype=torch.int64), torch.arange(4)
    told = {}
    for kind in (ELR, PSKD):
        with pytest.raises(RuntimeError) as error:
            kind(8, CLASSES)(outputs, targets, index)
        told[kind.__name__] = str(error.value)
    loss = ELR(8, CLASSES)  # 4 of the 8 examples are a round of this process, and 6 are one and a half
    loss.scores.recording = True
    for exchanges in (True, False):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(4):
                loss(outputs, targets, index)
                if exchanges:
                    loss.scores.exchange()
        told[exchanges] = [str(each.message) for each in caught]
    return told


def test_processes_that_never_hear_of_each_other_are_noticed(tmp_path):
    for told in in_two_processes(in_one_of_two, tmp_path):
        for kind in ("ELR", "PSKD"):
            assert f"2 processes, and {kind} remembers of each example only what this one saw" in told[kind]
            assert "set loss.scores.recording = True" in told[kind]
        assert told[True] == []
        (warning,) = told[False]
        assert "ELR has seen 8 examples in this process, of 8 among 2" in warning
        assert "call loss.scores.exchange() on every process at the end of each round" in warning
