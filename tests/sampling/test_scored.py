import copy
import pickle
from itertools import islice

import pytest
import torch

from sooner.registry import methods
from sooner.sampling import UCB, InfoBatch, Kakurenbo, Scored, ScoreStore, Screening, _scored, make

N, BATCH = 300, 20


class AboveMean(Scored):
    """Keeps what was above the mean loss when the round began, everything in the first; a weight to tell rounds by."""

    def decide(self, epoch):
        loss = self.scores["loss"]
        return {"kept": ~(loss < loss.nanmean()), "progress": torch.tensor([self.progress])}

    def arrange(self, epoch, decision):
        return self.shuffled(decision["kept"], epoch)

    def weight(self, index):
        return torch.where(self.present["kept"][index], 2.0, 0.5)


def ramp(index):
    """A loss above the mean for the upper half of the examples."""
    return index.float()


def exchange(ranks):
    """What `ScoreStore.exchange` does between processes, for ranks that live in this one."""
    everyones = [sampler.scores.observed() for sampler in ranks]
    for sampler in ranks:
        sampler.scores.merge(everyones)


def test_losses_change_the_next_round_and_never_the_present_one():
    sampler = AboveMean(N, BATCH)
    first = []
    for batch in sampler:
        sampler.observe(batch, ramp(batch))
        first.append(batch)
    assert torch.cat(first).sort().values.tolist() == list(range(N))
    assert len(sampler) == N // 2 // BATCH + 1
    second = torch.cat(list(sampler))
    assert second.sort().values.tolist() == list(range(N // 2, N))


def test_weights_are_those_of_the_round_in_training_while_the_loader_is_ahead():
    sampler = AboveMean(N, BATCH)
    for batch in list(sampler):
        assert sampler.epoch == 1
        assert sampler.weight(batch).tolist() == [2.0] * len(batch)
        sampler.observe(batch, ramp(batch))
    for batch in list(sampler):
        sampler.observe(batch, -ramp(batch))
        assert sampler.weight(batch).tolist() == [2.0] * len(batch)
    assert sampler.weight(torch.tensor([0])).tolist() == [0.5]


def test_before_a_round_begins_its_length_follows_the_scores():
    sampler = AboveMean(N, BATCH)
    assert len(sampler) == N // BATCH
    sampler.scores.update(torch.arange(N), loss=torch.cat([torch.zeros(N - 10), torch.ones(10)]))
    assert len(sampler) == 1
    assert len(list(sampler)) == 1


def test_progress_is_read_once_when_a_round_begins():
    sampler = AboveMean(N, BATCH)
    sampler.progress = 0.25
    iteration = iter(sampler)
    next(iteration)
    sampler.progress = 0.5
    assert sampler.present["progress"].tolist() == [0.25]
    resumed = AboveMean(N, BATCH)
    resumed.load_state_dict(sampler.state_dict())
    assert resumed.present["progress"].tolist() == [0.25]
    assert resumed.progress == 0.5


def test_the_state_of_the_middle_rebuilds_the_round_though_the_scores_have_moved_on():
    sampler = AboveMean(N, BATCH)
    for batch in sampler:
        sampler.observe(batch, ramp(batch))
    taken = []
    for batch in islice(sampler, 3):
        sampler.observe(batch, -1000 * ramp(batch))
        taken.append(batch)
    resumed = AboveMean(N, BATCH)
    resumed.load_state_dict(copy.deepcopy(sampler.state_dict()))
    rest = list(resumed)
    assert torch.cat(taken + rest).sort().values.tolist() == list(range(N // 2, N))
    assert all(torch.equal(one, other) for one, other in zip(rest, sampler, strict=True))


def test_the_state_holds_a_bit_per_example_besides_the_scores():
    sampler = InfoBatch(8000, BATCH)
    next(iter(sampler))
    decision = sampler.state_dict()["round"]["decision"]
    assert all(value["bits"].numel() == 1000 and value["bits"].dtype == torch.uint8 for value in decision.values())


def test_a_state_that_is_refused_changes_nothing():
    sampler = AboveMean(N, BATCH)
    for batch in sampler:
        sampler.observe(batch, ramp(batch))
    next(iter(sampler))
    before = sampler.present
    with pytest.raises(ValueError, match="seed is 1 there and 0 here"):
        sampler.load_state_dict(AboveMean(N, BATCH, seed=1).state_dict())
    with pytest.raises(ValueError, match="class is 'UCB' there"):
        sampler.load_state_dict(UCB(N, BATCH, fraction=0.5).state_dict())
    assert sampler.present is before
    assert sampler.scores["loss"][7] == 7.0


def test_what_waits_on_an_accelerator_arrives_step_by_step(monkeypatch):
    def moved(held):
        monkeypatch.setattr(_scored, "_AT_ONCE", frozenset() if held else frozenset({"cpu"}))
        sampler = UCB(N, BATCH, fraction=0.5)
        for step in range(10):
            index = torch.arange(step, step + 50)
            loss = torch.sin(index * 0.7 + step)
            sampler.observe(index, loss)
            loss.mul_(100)  # in place, as weights are applied
        assert len(sampler._waiting) == (10 if held else 0)
        pickled = pickle.loads(pickle.dumps(sampler))
        assert torch.equal(pickled.scores["mean"].nan_to_num(), sampler.scores["mean"].nan_to_num())
        return sampler.scores.state_dict()["columns"]

    held, at_once = moved(True), moved(False)
    assert all(torch.equal(held[name].nan_to_num(), at_once[name].nan_to_num()) for name in held)


def test_a_loss_that_is_not_finite_makes_the_example_one_never_seen():
    sampler = AboveMean(N, BATCH)
    sampler.observe(torch.tensor([1, 2, 3]), torch.tensor([1.0, 1.0, 1.0]))
    sampler.observe(torch.tensor([1, 2, 3]), torch.tensor([torch.nan, 2.0, torch.inf]))
    assert sampler.scores["loss"][1:4].nan_to_num(nan=-1).tolist() == [-1.0, 2.0, -1.0]
    ucb = UCB(4, 2, fraction=0.5)
    for losses in ([1.0, 9.0, 8.0, 7.0], [3.0, 9.0, 8.0, 7.0], [torch.nan, 9.0, 8.0, 7.0]):
        ucb.observe(torch.arange(4), torch.tensor(losses))
    assert ucb.scores["mean"].isnan().tolist() == [True, False, False, False]
    assert ucb.scores["variance"][0] == 0.0


@pytest.mark.parametrize(
    "method", [m for m in methods(seam="sampling") if issubclass(m.make, Scored)], ids=lambda method: method.name
)
def test_no_method_leaves_out_what_has_diverged(method):
    """Everything is easy and settled, most of all examples 0 to 9, until their losses are NaN."""
    sampler = make(method.name, 400, 40, **method.example)
    for _ in range(8):
        sampler.observe(torch.arange(400), torch.cat([torch.full((10,), 1e-4), torch.full((390,), 1e-3)]))
    sampler.observe(torch.arange(400), torch.cat([torch.full((10,), torch.nan), torch.full((390,), 1e-3)]))
    sampler.set_epoch(1)
    handed_out, trained = [], []
    for batch in sampler:
        kept = batch
        if isinstance(sampler, Screening) and sampler.screens(batch):
            losses = torch.where(batch < 10, torch.nan, 1e-3)
            kept = batch[sampler.screen(batch, losses)[0]]
        handed_out += batch.tolist()
        trained += kept.tolist()
    at_random = ("importance", "seta", "hard-batches")  # what has diverged is left out as often as any other, or less
    assert len(set(trained) & set(range(10))) >= (5 if method.name in at_random else 10)
    assert set(handed_out) & set(range(10)) <= set(trained)


def test_a_loss_in_half_precision_is_taken():
    sampler = AboveMean(N, BATCH)
    sampler.observe(torch.tensor([4]), torch.tensor([1.5], dtype=torch.bfloat16))
    assert sampler.scores["loss"][4] == 1.5


def test_bad_observations_are_refused_with_the_remedy():
    sampler = AboveMean(N, BATCH)
    with pytest.raises(ValueError, match=r'one loss for each index, got \(\) for \(2,\); .* reduction="none"'):
        sampler.observe(torch.tensor([0, 1]), torch.tensor(0.5))
    with pytest.raises(TypeError, match=r"index must be int64, not torch\.float32"):
        sampler.observe(torch.tensor([0.0, 1.0]), torch.ones(2))
    with pytest.raises(IndexError, match=f"from 0 to {N - 1}"):
        sampler.observe(torch.tensor([N]), torch.ones(1))


def test_a_memory_mapped_store_may_take_the_place(tmp_path):
    plain, mapped = (InfoBatch(N, BATCH, prune_ratio=0.7) for _ in range(2))
    mapped.scores = ScoreStore(N, mapped.columns, tmp_path)
    for _ in range(3):
        for one, other in zip(plain, mapped, strict=True):
            assert torch.equal(one, other)
            for sampler in (plain, mapped):
                sampler.observe(one, ramp(one))
    for wrong in (ScoreStore(N + 1, plain.columns), ScoreStore(N, {"mean": 0.0})):
        with pytest.raises(ValueError, match=f"scores must be a store of {N} examples with the columns"):
            plain.scores = wrong


def test_a_decision_stands_for_a_period():
    sampler = UCB(N, BATCH, fraction=0.2, period=3)
    kept = []
    for _ in range(7):
        batches = torch.cat(list(sampler))
        sampler.observe(batches, ramp(batches))
        kept.append(frozenset(batches.tolist()))
    assert kept[0] == kept[1] == kept[2] != kept[3] == kept[4] == kept[5] != kept[6]


def test_ranks_that_know_the_same_agree():
    alone, ranks = Kakurenbo(N, BATCH), [Kakurenbo(N, BATCH).shard(rank, 2) for rank in range(2)]
    for _ in range(3):
        whole = list(alone)
        parts = [list(sampler) for sampler in ranks]
        for batch, one, other in zip(whole, *parts, strict=True):
            assert torch.equal(one, batch[0::2])
            assert torch.equal(other, batch[1::2])
        for batch in whole:
            alone.observe(batch, ramp(batch) / N)
        for sampler, part in zip(ranks, parts, strict=True):
            for batch in part:
                sampler.observe(batch, ramp(batch) / N)
        exchange(ranks)
        assert torch.equal(ranks[0].scores["loss"], alone.scores["loss"])


def test_saved_by_two_ranks_in_the_middle_of_a_round_and_resumed_by_one():
    def train(samplers, batches):
        """Observes as many batches on every rank; gives what was handed out."""
        taken = []
        for parts in zip(*(islice(sampler, batches) for sampler in samplers), strict=True):
            for sampler, part in zip(samplers, parts, strict=True):
                sampler.observe(part, torch.sin(part * 0.9 + sampler.epoch))
            taken.append(torch.stack(parts, 1).flatten())
        return taken

    alone = AboveMean(N, BATCH)
    whole = [train([alone], len(alone)), train([alone], 1000), train([alone], 1000)]
    ranks = [AboveMean(N, BATCH).shard(rank, 2) for rank in range(2)]
    train(ranks, 1000)
    exchange(ranks)
    parts = train(ranks, 3)
    exchange(ranks)
    one = AboveMean(N, BATCH)
    one.load_state_dict(ranks[1].state_dict())
    parts += train([one], 1000)
    assert torch.equal(torch.cat(parts), torch.cat(whole[1]))
    assert torch.equal(torch.cat(train([one], 1000)), torch.cat(whole[2]))


def test_ranks_that_cannot_know_what_the_others_saw_are_stopped():
    sampler = AboveMean(N, BATCH).shard(0, 2)
    for batch in sampler:
        sampler.observe(batch, ramp(batch))
    with pytest.raises(RuntimeError, match="rank 0 has observed 150 examples that the other 1 did not"):
        next(iter(sampler))
    exchange([sampler, AboveMean(N, BATCH).shard(1, 2)])
    next(iter(sampler))
