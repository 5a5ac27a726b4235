import torch

from sooner.sampling import HardBatches


def test_later_rounds_are_the_hardest_mini_batches_of_the_first():
    sampler = HardBatches(95, 10, fraction=0.4)
    first = [frozenset(batch.tolist()) for batch in sampler]
    assert [len(batch) for batch in first] == [10] * 9 + [5]
    assert frozenset().union(*first) == frozenset(range(95))
    losses = [3.0, 9.0, 1.0, 8.0, 2.0, 7.0, 0.0, 4.0, 5.0, 6.0]
    for loss, batch in zip(losses, first, strict=True):
        sampler.observe(torch.tensor(sorted(batch)), torch.full((len(batch),), loss))
    assert len(sampler) == 4
    assert [frozenset(batch.tolist()) for batch in sampler] == [first[i] for i in (1, 3, 5, 9)]


def test_a_mini_batch_left_out_keeps_its_loss_until_others_fall_below():
    sampler = HardBatches(40, 10, fraction=0.5)
    first = [batch.clone() for batch in sampler]
    for loss, batch in zip((1.0, 2.0, 3.0, 4.0), first, strict=True):
        sampler.observe(batch, torch.full((10,), loss))
    for batch in sampler:
        sampler.observe(batch, torch.full((10,), 1.5))
    assert all(torch.equal(one, other) for one, other in zip(sampler, [first[1], first[2]], strict=True)) or all(
        torch.equal(one, other) for one, other in zip(sampler, [first[1], first[3]], strict=True)
    )


def test_the_loss_of_a_mini_batch_is_the_mean_of_its_examples():
    sampler = HardBatches(20, 10, fraction=0.5)
    first = [batch.clone() for batch in sampler]
    sampler.observe(first[0], torch.tensor([50.0] + [0.0] * 9))
    sampler.observe(first[1], torch.full((10,), 6.0))
    assert torch.equal(next(iter(sampler)), first[1])


def test_at_least_one_mini_batch_and_no_partial_one_if_dropped():
    sampler = HardBatches(25, 10, fraction=0.01, drop_last=True)
    first = list(sampler)
    assert [len(batch) for batch in first] == [10, 10]
    for batch in first:
        sampler.observe(batch, torch.ones(10))
    assert len(list(sampler)) == 1
