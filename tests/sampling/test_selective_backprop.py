import pytest
import torch

from sooner.sampling import SelectiveBackprop


def test_an_example_is_kept_with_the_power_of_its_rank():
    losses = torch.arange(10.0)  # the i-th is above i of the 10
    times = torch.zeros(10)
    for seed in range(1000):
        keep, weight = SelectiveBackprop(10, 10, seed=seed, beta=2).screen(torch.arange(10), losses)
        assert weight.tolist() == [1.0] * 10
        times += keep
    torch.testing.assert_close(times / 1000, (torch.arange(10) / 10) ** 2, rtol=0, atol=0.05)


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
