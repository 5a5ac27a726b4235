import numpy as np
import pytest
import torch
from scipy import stats

from sooner.sampling import Cooldown

UNEVEN = torch.tensor([8] * 1000 + [2] * 10)  # two domains, 100 to 1; in the order of their numbers 2 comes first


def one_round(sampler):
    return torch.cat(list(sampler))


def test_probabilities_by_hand():
    """100^(1/5) = 2.5119, so 1 / 3.5119 for the rare one; at tau = 2, 1 / 11; at tau = 1 as it is, 1 / 101."""
    sampler = Cooldown(1010, 10, domains=UNEVEN)
    for temperature, rare in ((5, 0.28475), (2, 1 / 11), (1, 1 / 101), (1e9, 0.5)):
        assert sampler.probabilities(temperature) == pytest.approx([rare, 1 - rare], rel=1e-4)


def test_the_temperature_falls():
    linear = Cooldown(1010, 10, domains=UNEVEN, until=0.5)
    assert [linear.temperature(at) for at in (0, 0.25, 0.5, 1)] == [5, 3, 1, 1]
    step = Cooldown(1010, 10, domains=UNEVEN, until=0.5, shape="step", start=4, end=2)
    assert [step.temperature(at) for at in (0, 0.25, 0.4999, 0.5, 1)] == [4, 4, 4, 2, 2]


@pytest.mark.parametrize(("progress", "rare"), [(0.0, 0.28475), (0.75, 1 / 11), (1.0, 1 / 101)])
def test_draws_follow_the_probabilities_and_are_even_within_a_domain(progress, rare):
    sampler = Cooldown(1010, 10, domains=UNEVEN)
    drawn = []
    for _ in range(60):
        sampler.progress = progress
        drawn.append(one_round(sampler))
    assert all(len(indices) == 1010 for indices in drawn)
    times = torch.bincount(torch.cat(drawn), minlength=1010).double()
    assert stats.binomtest(int(times[1000:].sum()), 60 * 1010, rare).pvalue > 1e-6
    assert stats.chisquare(times[1000:]).pvalue > 1e-6
    assert stats.chisquare(times[:1000]).pvalue > 1e-6


def test_the_twin_draws_the_data_as_it_is_and_weights_it():
    sampler = Cooldown(1010, 10, domains=UNEVEN, upweight=True)
    indices = torch.cat([one_round(sampler) for _ in range(40)])
    assert stats.binomtest(int((indices >= 1000).sum()), len(indices), 1 / 101).pvalue > 1e-6
    fresh = Cooldown(1010, 10, domains=UNEVEN, upweight=True)
    weight = fresh.weight(torch.tensor([0, 1005, 999]))
    assert weight.tolist() == pytest.approx([0.71525 * 1.01, 0.28475 * 101, 0.71525 * 1.01], rel=1e-4)
    fresh.progress = 1.0
    assert fresh.weight(torch.tensor([0, 1005])).tolist() == pytest.approx([1, 1])
    assert Cooldown(1010, 10, domains=UNEVEN).weight(torch.tensor([0, 1005])).tolist() == [1, 1]


def test_the_weights_are_those_of_the_round_in_progress():
    sampler = Cooldown(1010, 10, domains=UNEVEN, upweight=True)
    next(iter(sampler))
    before = sampler.weight(torch.arange(1010))
    sampler.progress = 0.9
    assert torch.equal(sampler.weight(torch.arange(1010)), before)
    list(sampler), next(iter(sampler))
    assert not torch.equal(sampler.weight(torch.arange(1010)), before)


def chances(sampler):
    """(n,) of each example in one draw."""
    temperature = 1.0 if sampler.upweight else sampler.temperature(sampler.present)
    _, domain, counts = torch.unique(UNEVEN, return_inverse=True, return_counts=True)
    return (torch.from_numpy(sampler.probabilities(temperature)) / counts)[domain]


def moments(sampler, gradients):
    """Mean (d,) and total variance of weight times gradient of one draw: exact, and measured over 300 rounds."""
    weighted = gradients * sampler.weight(torch.arange(1010)).double()[:, None]
    exact = (chances(sampler)[:, None] * weighted).sum(0)
    variance = (chances(sampler) @ (weighted - exact) ** 2).sum()
    drawn = weighted[torch.cat([one_round(sampler) for _ in range(300)])]
    return exact, float(variance), drawn.mean(0), float(drawn.var(0).sum())


def test_equal_in_expectation_and_not_in_variance():
    """Li et al.: the same full gradient; under SGD the variance of sampling is the lower one."""
    draw = torch.Generator().manual_seed(6)
    gradients = torch.randn(1010, 4, generator=draw, dtype=torch.float64)
    gradients[1000:] += torch.tensor([2.0, -1.0, 0.0, 1.0])
    sampling = moments(Cooldown(1010, 101, domains=UNEVEN, end=5.0), gradients)
    weighting = moments(Cooldown(1010, 101, domains=UNEVEN, end=5.0, upweight=True), gradients)
    torch.testing.assert_close(sampling[0], weighting[0], rtol=1e-6, atol=1e-8)
    for mean, variance, measured_mean, measured_variance in (sampling, weighting):
        error = np.sqrt(variance / 303_000)
        assert (measured_mean - mean).norm() < 5 * error
        assert measured_variance == pytest.approx(variance, rel=0.05)
    assert weighting[1] > 4 * sampling[1]


def test_classes_are_the_domains_where_none_are_given():
    assert Cooldown(1010, 10, targets=UNEVEN).probabilities(5) == pytest.approx([0.28475, 0.71525], rel=1e-4)
    assert Cooldown(1010, 10, targets=UNEVEN, domains=UNEVEN).targets is None
    with pytest.raises(ValueError, match="give domains, one per example, or targets"):
        Cooldown(1010, 10)
    with pytest.raises(
        ValueError, match=r"domains must be 1010 whole numbers, one domain per example, not torch\.float32"
    ):
        Cooldown(1010, 10, domains=UNEVEN.float())
    with pytest.raises(ValueError, match=r"start must be at least 1, not 0\.5"):
        Cooldown(1010, 10, domains=UNEVEN, start=0.5)
