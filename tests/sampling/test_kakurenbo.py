import math

import pytest
import torch

from sooner.sampling import Kakurenbo


def informed(losses, progress=0.0, **options):
    """A sampler in a round that has begun after it saw `losses`."""
    sampler = Kakurenbo(len(losses), 2, **options)
    sampler.observe(torch.arange(len(losses)), losses)
    sampler.progress = progress
    next(iter(sampler))
    return sampler


def hidden(sampler):
    return (~sampler.present["kept"]).nonzero().flatten().tolist()


def test_the_lowest_losses_are_hidden_unless_the_model_is_unsure():
    sure, unsure = -math.log(0.71), -math.log(0.69)
    sampler = informed(torch.tensor([3.0, 0.01, unsure, 0.02, sure, 2.0, 4.0, 5.0, 6.0, 7.0]), hidden=0.4)
    assert hidden(sampler) == [1, 3, 4]  # example 2 is among the four lowest, and moves back
    assert sampler.lr_scale == pytest.approx(10 / 7)


@pytest.mark.parametrize(("progress", "count"), [(0, 40), (0.29, 40), (0.3, 32), (0.6, 24), (0.8, 16), (1.0, 16)])
def test_fewer_are_hidden_as_the_run_goes_on(progress, count):
    assert hidden(informed(torch.linspace(0, 0.1, 100), progress, hidden=0.4)) == list(range(count))


def test_what_was_never_seen_is_not_hidden():
    sampler = Kakurenbo(10, 2, hidden=0.9)
    sampler.observe(torch.arange(3), torch.zeros(3))
    next(iter(sampler))
    assert hidden(sampler) == [0, 1, 2]


def test_hidden_examples_come_last_forward_only_and_are_observed_then():
    losses = torch.linspace(0, 0.2, 20)
    sampler = Kakurenbo(20, 4, hidden=0.3)
    sampler.observe(torch.arange(20), losses)
    trained, looked_at = [], []
    for batch in sampler:
        assert sampler.screens(batch) == bool((batch < 6).any())
        assert sampler.weight(batch).tolist() == [float(i >= 6) for i in batch]
        keep, weight = sampler.screen(batch, losses[batch] + 1)
        assert torch.equal(keep, batch >= 6)
        assert weight.tolist() == [1.0] * len(batch)
        trained += batch[keep].tolist()
        looked_at += batch[~keep].tolist()
    assert sorted(trained) == list(range(6, 20))
    assert looked_at == list(range(6))
    torch.testing.assert_close(sampler.scores["loss"], losses + (torch.arange(20) < 6))


@pytest.mark.parametrize(("n", "batch", "share"), [(1000, 64, 0.3), (1000, 128, 0.1), (100, 64, 0.6), (20, 16, 0.9)])
def test_with_drop_last_no_example_stays_hidden_unseen(n, batch, share):
    """1000 = 15 x 64 + 40 = 7 x 128 + 104, 100 = 64 + 36, 20 = 16 + 4: so many are left out of each round."""
    sampler = Kakurenbo(n, batch, hidden=share, drop_last=True)
    sampler.observe(torch.arange(n), torch.linspace(0, 0.2, n))
    looked_at = torch.zeros(n, dtype=torch.bool)
    trained = torch.zeros(n, dtype=torch.bool)
    for _ in range(20):
        for index in sampler:
            keep = sampler.screen(index, sampler.scores["loss"][index])[0]
            looked_at[index[~keep]] = True
            trained[index[keep]] = True
    hidden = int(share * n)
    assert looked_at.tolist() == [True] * hidden + [False] * (n - hidden)
    assert trained.tolist() == [False] * hidden + [True] * (n - hidden)


def test_with_drop_last_a_round_with_a_full_kept_batch_looks_at_all_that_is_hidden():
    sampler = Kakurenbo(1000, 128, hidden=0.1, drop_last=True)
    sampler.observe(torch.arange(1000), torch.linspace(0, 0.2, 1000))
    rounds = [torch.cat(list(sampler)) for _ in range(3)]
    assert all(len(order) == len(order.unique()) == 7 * 128 for order in rounds)
    assert all(order[-100:].sort().values.tolist() == list(range(100)) for order in rounds)
    left_out = [set(range(1000)) - set(order.tolist()) for order in rounds]
    assert left_out[0] != left_out[1] != left_out[2]


def test_a_hidden_example_whose_loss_is_not_finite_is_trained_on_and_comes_back():
    sampler = informed(torch.linspace(0, 0.2, 20), hidden=0.3)
    losses = torch.full((20,), 0.1)
    losses[[2, 4, 15]] = torch.tensor([torch.nan, torch.inf, torch.nan])
    keep, weight = sampler.screen(torch.arange(20), losses)
    assert keep.nonzero().flatten().tolist() == [2, 4, *range(6, 20)]
    assert weight[keep].tolist() == [1.0] * 16
    sampler.observe(torch.arange(20)[keep], losses[keep])  # as the loop does after its step
    sampler.set_epoch(1)
    next(iter(sampler))
    assert not {2, 4, 15} & set(hidden(sampler))


def test_bad_options():
    with pytest.raises(ValueError, match="hidden must be at least 0 and below 1, not 1"):
        Kakurenbo(10, 2, hidden=1)
    with pytest.raises(ValueError, match=r"confidence must be at least 0\.5 and at most 1, not 0\.4"):
        Kakurenbo(10, 2, confidence=0.4)
