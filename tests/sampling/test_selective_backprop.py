import pytest
import torch

from sooner.sampling import SelectiveBackprop


def test_an_example_is_kept_with_the_power_of_its_rank():
    losses = torch.arange(10.0)  # the i-th takes up i / 10 to (i + 1) / 10, over which the mean of u ** 2 is
    expected = torch.tensor([((i + 1) ** 3 - i**3) / 300 for i in range(10)])
    times = torch.zeros(10)
    for seed in range(1000):
        keep, weight = SelectiveBackprop(10, 10, seed=seed, beta=2).screen(torch.arange(10), losses)
        assert weight.tolist() == [1.0] * 10
        times += keep
    torch.testing.assert_close(times / 1000, expected, rtol=0, atol=0.05)


@pytest.mark.parametrize(("beta", "share"), [(0, 1.0), (1, 1 / 2), (3, 1 / 4)])
@pytest.mark.parametrize("history", [1, 1024])
def test_where_all_losses_are_equal_the_same_share_is_kept_at_random(beta, share, history):
    sampler, kept = SelectiveBackprop(4096, 64, beta=beta, history=history), torch.zeros(4096)
    for batch in sampler:
        kept[batch] += sampler.screen(batch, torch.full((64,), 2.3026))[0]
    assert float(kept.mean()) == pytest.approx(share, abs=0.04)  # five standard deviations


def test_equal_losses_share_what_they_take_up():
    losses = torch.tensor([5.0, 1.0, 1.0, 1.0])  # the ones 0 to 3/4: the mean of u is 3/8; 5.0 3/4 to 1: 7/8
    times = torch.zeros(4)
    for seed in range(2000):
        times += SelectiveBackprop(4, 4, seed=seed).screen(torch.arange(4), losses)[0]
    torch.testing.assert_close(times / 2000, torch.tensor([7 / 8, 3 / 8, 3 / 8, 3 / 8]), rtol=0, atol=0.05)


def test_the_first_round_is_not_screened():
    sampler = SelectiveBackprop(40, 10)
    assert [[sampler.screens(batch) for batch in sampler] for _ in range(3)] == [[False] * 4, [True] * 4, [True] * 4]
    later = SelectiveBackprop(40, 10, warmup=2)
    assert [any(later.screens(batch) for batch in later) for _ in range(3)] == [False, False, True]
    assert next(SelectiveBackprop(40, 10, warmup=0).screens(batch) for batch in SelectiveBackprop(40, 10))
    resumed = SelectiveBackprop(40, 10)
    resumed.load_state_dict(sampler.state_dict())
    assert resumed.screens(next(iter(resumed)))


def test_in_a_loader_that_looks_ahead_the_first_round_is_that_of_training():
    sampler = SelectiveBackprop(40, 10)
    batches = list(sampler)  # all fetched before any is trained on: the sampler is at round 1
    assert sampler.epoch == 1
    assert not any(sampler.screens(batch) for batch in batches)


def test_a_loss_that_is_not_finite_is_kept_and_not_compared_with():
    sampler = SelectiveBackprop(8, 4, beta=1e6)  # keeps nothing else
    for value in (torch.nan, torch.inf, -torch.inf):
        keep, _ = sampler.screen(torch.arange(4), torch.tensor([1.0, value, 2.0, 3.0]))
        assert keep.tolist() == [False, True, False, False]
    assert sampler.state_dict()["recent"].tolist() == [1.0, 2.0, 3.0] * 3
    keep, _ = SelectiveBackprop(8, 4).screen(torch.arange(2), torch.full((2,), torch.nan))
    assert keep.tolist() == [True, True]


@pytest.mark.parametrize(("beta", "share"), [(0, 1.0), (1, 1 / 2), (3, 1 / 4)])
def test_on_average_one_in_beta_plus_one_is_kept(beta, share):
    sampler = SelectiveBackprop(4096, 128, beta=beta)
    kept = 0
    for batch in sampler:
        losses = torch.rand(len(batch), generator=torch.Generator().manual_seed(int(batch[0])))
        kept += int(sampler.screen(batch, losses)[0].sum())
    assert kept / 4096 == pytest.approx(share, abs=0.03)


def test_ranks_are_among_the_latest_losses_only():
    sampler = SelectiveBackprop(8, 4, beta=1, history=4)
    sampler.screen(torch.arange(4), torch.full((4,), 100.0))
    assert sampler.state_dict()["recent"].tolist() == [100.0] * 4
    sampler.screen(torch.arange(4), torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert sampler.state_dict()["recent"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_the_state_brings_the_history_and_the_draws_along():
    first = SelectiveBackprop(100, 10, beta=1, history=32)
    losses = torch.rand(9, 10, generator=torch.Generator().manual_seed(1))
    for step in range(5):
        first.screen(torch.arange(10), losses[step])
    second = SelectiveBackprop(100, 10, beta=1, history=32)
    second.load_state_dict(first.state_dict())
    for step in range(5, 9):
        one, other = (sampler.screen(torch.arange(10), losses[step])[0] for sampler in (first, second))
        assert torch.equal(one, other)


def test_bad_options():
    with pytest.raises(ValueError, match="beta must be at least 0, not -1"):
        SelectiveBackprop(8, 4, beta=-1)
    with pytest.raises(ValueError, match="history must be at least 1, not 0"):
        SelectiveBackprop(8, 4, history=0)
    with pytest.raises(ValueError, match="warmup must be at least 0, not -1"):
        SelectiveBackprop(8, 4, warmup=-1)
