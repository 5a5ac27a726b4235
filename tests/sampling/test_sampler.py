import copy
import json
import pickle

import pytest
import torch
from torch.utils.data import BatchSampler, SequentialSampler

from sooner.sampling import RS2, Reshuffling


def numbers(batches):
    return [batch.tolist() for batch in batches]


def rounds(sampler, count):
    return [numbers(sampler) for _ in range(count)]


def test_batches_are_the_order_cut_up():
    sampler = Reshuffling(10, 4, seed=3)
    first, second = sampler.order(0)[:].tolist(), sampler.order(1)[:].tolist()
    assert first != second
    batches = list(sampler)
    assert all(batch.dtype == torch.int64 and batch.ndim == 1 for batch in batches)
    assert numbers(batches) == [first[:4], first[4:8], first[8:]]
    assert numbers(sampler) == [second[:4], second[4:8], second[8:]]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("n", [8, 9, 11, 12, 13])
def test_sizes_are_those_of_torch_but_for_a_last_batch_of_one(n, drop_last):
    expected = [len(batch) for batch in BatchSampler(SequentialSampler(range(n)), 4, drop_last)]
    if expected[-1] == 1:  # batch norm cannot train on it, so it joins the batch before
        expected[-2:] = [5]
    sampler = Reshuffling(n, 4, drop_last=drop_last)
    assert len(sampler) == len(expected)
    for _ in range(2):
        assert [len(batch) for batch in sampler] == expected


def test_batches_larger_than_what_is_read_ahead():
    sampler = Reshuffling(50_000, 20_000)
    assert [len(batch) for batch in sampler] == [20_000, 20_000, 10_000]
    assert torch.equal(torch.cat(list(sampler)), sampler.order(1)[:])


def test_a_batch_owns_its_memory():
    sampler = Reshuffling(100, 10)
    first = next(iter(sampler))
    assert first.untyped_storage().nbytes() == 10 * 8
    expected = sampler.order(0)[:].tolist()
    first.zero_()
    assert numbers(sampler)[0] == expected[10:20]


def test_epoch_and_position():
    sampler = Reshuffling(10, 4)
    places = [(sampler.epoch, sampler.position) for _ in sampler]
    assert places == [(0, 4), (0, 8), (0, 10)]
    assert (sampler.epoch, sampler.position) == (1, 0)


def test_len_is_of_the_whole_round_wherever_it_is():
    sampler = RS2(100, 10, fraction=0.3)
    assert [(len(sampler), len(list(sampler))) for _ in range(4)] == [(3, 3), (3, 3), (3, 3), (1, 1)]
    next(iter(sampler))
    assert len(sampler) == 3


def test_an_abandoned_iteration_goes_on_where_it_stopped():
    sampler, unbroken = Reshuffling(10, 4), rounds(Reshuffling(10, 4), 2)
    for batch in sampler:
        assert batch.tolist() == unbroken[0][0]
        break
    assert rounds(sampler, 2) == [unbroken[0][1:], unbroken[1]]


def test_a_loop_that_counts_its_batches_gets_every_round():
    sampler, unbroken = Reshuffling(10, 4), rounds(Reshuffling(10, 4), 3)
    for number in range(3):
        iterator = iter(sampler)
        assert [next(iterator).tolist() for _ in range(len(sampler))] == unbroken[number]


def test_set_epoch():
    sampler, unbroken = Reshuffling(10, 4), rounds(Reshuffling(10, 4), 4)
    sampler.set_epoch(3)
    assert rounds(sampler, 1) == [unbroken[3]]
    sampler.set_epoch(0)
    next(iter(sampler))
    sampler.set_epoch(0)  # a framework calls it before every round, also the one it resumes
    assert numbers(sampler) == unbroken[0][1:]
    sampler.set_epoch(2)
    next(iter(sampler))
    sampler.position = 0
    assert numbers(sampler) == unbroken[2]
    with pytest.raises(ValueError, match="epoch must be at least 0, not -1"):
        sampler.set_epoch(-1)


def test_set_epoch_moves_an_iteration_that_has_not_begun():
    sampler, unbroken = Reshuffling(10, 4), rounds(Reshuffling(10, 4), 3)
    iterator = iter(sampler)
    sampler.set_epoch(2)
    assert numbers(iterator) == unbroken[2]


@pytest.mark.parametrize("move", ["set_epoch", "load", "iterate"])
def test_an_iteration_that_was_overtaken_says_so(move):
    sampler = Reshuffling(10, 4)
    iterator = iter(sampler)
    next(iterator)
    if move == "set_epoch":
        sampler.set_epoch(5)
    elif move == "load":
        sampler.load_state_dict(Reshuffling(10, 4).state_dict())
    else:
        next(iter(sampler))
    with pytest.raises(RuntimeError, match="this iteration of round 0 was overtaken: the sampler is now at round"):
        next(iterator)


def test_a_state_is_plain_and_says_what_it_belongs_to():
    sampler = RS2(100, 10, seed=2, fraction=0.3)
    next(iter(sampler))
    state = sampler.state_dict()
    assert state == {
        "epoch": 0,
        "position": 10,
        "sampler": {
            "class": "RS2",
            "n": 100,
            "batch_size": 10,
            "seed": 2,
            "drop_last": False,
            "fraction": 0.3,
            "variant": "without-replacement",
            "targets": None,
        },
    }
    assert json.loads(json.dumps(state)) == state


def test_saved_after_the_last_batch_the_round_is_finished_empty():
    sampler, unbroken = Reshuffling(10, 4), rounds(Reshuffling(10, 4), 2)
    for _ in zip(range(3), sampler, strict=False):
        state = sampler.state_dict()
    for resumed in (sampler, Reshuffling(10, 4)):
        resumed.load_state_dict(state)
        assert resumed.epoch == 0
        assert rounds(resumed, 2) == [[], unbroken[1]]


def test_consumed_counts_from_where_the_iteration_began():
    sampler = Reshuffling(10, 2)
    assert sampler.state_dict(consumed=0) == sampler.state_dict()
    list(sampler)  # all handed out to a loader, and the round over
    assert [sampler.state_dict(consumed=used)["position"] for used in range(6)] == [0, 2, 4, 6, 8, 10]
    assert {sampler.state_dict(consumed=used)["epoch"] for used in range(6)} == {0}
    with pytest.raises(ValueError, match="consumed=6, but the iteration that began last has 5 batches"):
        sampler.state_dict(consumed=6)
    sampler.load_state_dict(sampler.state_dict(consumed=3))
    list(sampler)
    assert [sampler.state_dict(consumed=used)["position"] for used in range(3)] == [6, 8, 10]
    with pytest.raises(ValueError, match="consumed=3, but the iteration that began last has 2 batches"):
        sampler.state_dict(consumed=3)
    iter(sampler)  # a loader has been asked for the next round, and training has used nothing of it
    state = sampler.state_dict(consumed=0)
    assert (state["epoch"], state["position"]) == (1, 0)


def test_consumed_knows_that_the_last_batch_is_a_joined_one():
    sampler = Reshuffling(11, 5).shard(0, 2)  # batches of 5 and 6
    list(sampler)
    assert [sampler.state_dict(consumed=used)["position"] for used in range(3)] == [0, 5, 11]


def test_a_state_of_another_order_is_refused():
    state = Reshuffling(100, 10, seed=1).state_dict()
    with pytest.raises(ValueError, match="n is 100 there and 101 here, seed is 1 there and 2 here; make the sampler"):
        Reshuffling(101, 10, seed=2).load_state_dict(state)
    with pytest.raises(
        ValueError, match=r"class is 'Reshuffling' there and 'RS2' here, fraction is None there and 0\.5"
    ):
        RS2(100, 10, seed=1, fraction=0.5).load_state_dict(state)


def test_other_targets_are_another_order():
    targets = torch.arange(100) % 4

    def stratified(targets):
        return RS2(100, 10, fraction=0.5, variant="stratified", targets=targets)

    stratified(targets.to(torch.int32)).load_state_dict(stratified(targets).state_dict())
    with pytest.raises(ValueError, match=r"targets is '[0-9a-f]{32}' there and '[0-9a-f]{32}' here"):
        stratified(targets.flip(0)).load_state_dict(stratified(targets).state_dict())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": 101}, "position 101 of the state is beyond round 0, of 100 examples"),
        ({"position": -1}, "position of the state must be at least 0"),
        ({"epoch": -1}, "epoch of the state must be at least 0"),
        ({"sampler": None}, "has epoch, position and sampler; this one has"),
    ],
)
def test_a_broken_state_is_refused_and_changes_nothing(change, message):
    sampler = Reshuffling(100, 10)
    next(iter(sampler))
    with pytest.raises(ValueError, match=message):
        sampler.load_state_dict({**sampler.state_dict(), **change})
    with pytest.raises(ValueError, match=r"this one has \['model'\]"):
        sampler.load_state_dict({"model": 1})
    assert (sampler.epoch, sampler.position) == (0, 10)


def test_rounds_too_small_for_the_ranks_or_a_full_batch():
    with pytest.raises(ValueError, match="round 0 has 3 examples, too few for 4 ranks"):
        next(iter(Reshuffling(3, 10).shard(0, 4)))
    with pytest.raises(ValueError, match="round 0 has 3 examples, too few for a full batch of 10"):
        len(Reshuffling(3, 10, drop_last=True))


@pytest.mark.parametrize(
    ("n", "batch_size", "error", "message"),
    [
        (0, 1, ValueError, "n, the number of training examples, must be at least 1, not 0"),
        (10, 0, ValueError, "batch_size must be at least 1, not 0"),
        (10.5, 1, TypeError, "n, the number of training examples, must be a whole number, not 10.5"),
        (10, "4", TypeError, "batch_size must be a whole number, not '4'"),
    ],
)
def test_bad_arguments(n, batch_size, error, message):
    with pytest.raises(error, match=message):
        Reshuffling(n, batch_size)


def test_copies_go_on_from_the_same_place():
    sampler = Reshuffling(10_000, 100, seed=5)
    next(iter(sampler))
    rest = numbers(copy.deepcopy(sampler))
    pickled = pickle.dumps(sampler)
    assert len(pickled) < 500
    assert numbers(pickle.loads(pickled)) == rest == numbers(sampler)


def test_equality_is_of_the_order_not_of_the_place():
    first, second = Reshuffling(10, 4), Reshuffling(10, 4)
    next(iter(first))
    assert first == second
    assert hash(first) == hash(second)
    for other in (Reshuffling(11, 4), Reshuffling(10, 5), Reshuffling(10, 4, seed=1), RS2(10, 4, fraction=1.0), "x"):
        assert first != other


def test_weights_are_one():
    weight = Reshuffling(10, 4).weight(torch.tensor([3, 1]))
    assert torch.equal(weight, torch.ones(2))
