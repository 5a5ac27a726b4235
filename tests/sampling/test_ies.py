import pytest
import torch

from sooner.sampling import IES


def after(rounds, n=40, batch=2, **options):
    """A sampler in a round that has begun after it saw `rounds`, the losses of examples 0, 1, ... round by round."""
    sampler = IES(n, batch, **options)
    for losses in rounds:
        sampler.observe(torch.arange(n), torch.cat([torch.tensor(losses), torch.rand(n - len(losses)) * 0 + 9.0]))
    next(iter(sampler))
    return sampler


def mastered(sampler):
    return (~sampler.present["kept"]).nonzero().flatten().tolist()


def bending(count):
    """Losses of `count` rounds: example 0 steady, 1 falling at a steady pace, 2 falling ever slower, 3 jumping."""
    return [[1.0, 8.0 - t, 0.5**t, float(t % 2)] for t in range(count)]


def rounds_of(count):
    """The same for 40 examples, of which all but the first two bend."""
    return [[*bending(count)[t][:2], *([float(t % 2)] * 38)] for t in range(count)]


def test_mastered_is_what_no_longer_bends():
    assert mastered(after(rounds_of(2))) == []  # two losses say nothing yet
    assert mastered(after(rounds_of(3))) == [0, 1]


def test_the_threshold_is_on_the_second_difference():
    losses = [[1.0, *([float(t % 2)] * 39)] for t in range(2)] + [[1.05, *([0.0] * 39)]]  # |1.05 - 2 + 1| = 0.05
    assert mastered(after(losses, threshold=0.06)) == [0]
    assert mastered(after(losses, threshold=0.04)) == []


def test_a_mastered_example_whose_loss_moves_comes_back():
    sampler = after([*rounds_of(3)])
    assert mastered(sampler) == [0, 1]
    for batch in sampler:
        if sampler.screens(batch):
            keep, _ = sampler.screen(batch, torch.full((len(batch),), 7.0))
            batch = batch[keep]
        sampler.observe(batch, (batch % 2).float())
    next(iter(sampler))
    assert mastered(sampler) == []


def test_when_all_is_mastered_a_batch_of_those_that_bend_most_goes_on():
    sampler = IES(10, 2, threshold=100)
    for t in range(3):
        sampler.observe(torch.arange(10), torch.arange(10.0) * t**2)
    next(iter(sampler))
    assert mastered(sampler) == list(range(8))


def test_the_published_code_takes_a_mean_of_three_and_waits_for_six_losses():
    assert mastered(after(rounds_of(5), faithful_to="code")) == []
    assert mastered(after(rounds_of(6), faithful_to="code")) == [0, 1]
    kink = rounds_of(6)
    kink[3][0] = 1.003  # second differences of example 0 from then on: 0.003, 0.006, 0.003; mean 0.004
    assert mastered(after(kink, threshold=0.0041, faithful_to="code")) == [0, 1]
    assert mastered(after(kink, threshold=0.0039, faithful_to="code")) == [1]
    assert mastered(after(kink, threshold=0.0031, faithful_to="paper")) == [0, 1]
    with pytest.raises(ValueError, match="faithful_to must be one of paper, code, not 'both'"):
        IES(10, 2, faithful_to="both")


def test_with_drop_last_a_round_looks_at_all_that_is_hidden():
    """100 = 3 x 32 + 4: four of the 40 examples that bend are left out of a round, none of the 60 settled ones."""
    sampler = IES(100, 32, threshold=0.1, drop_last=True)
    for t in range(3):
        sampler.observe(torch.arange(100), torch.cat([torch.full((40,), float(t % 2)), torch.ones(60)]))
    left_out = set()
    for _ in range(3):
        kept, looked_at = [], []
        for batch in sampler:
            keep, _ = sampler.screen(batch, torch.ones(len(batch)))
            kept += batch[keep].tolist()
            looked_at += batch[~keep].tolist()
        assert sorted(looked_at) == list(range(40, 100))
        assert len(set(kept)) == 36
        left_out |= set(range(40)) - set(kept)
    assert len(left_out) > 4
