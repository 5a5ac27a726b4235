import pytest
import torch

from sooner.optim import GradientNoise
from sooner.random import generator


def moved(steps, **options):
    """(steps, 20000) what plain SGD at rate 1 moved by in each step, with a gradient of 2."""
    weight = torch.nn.Parameter(torch.zeros(20_000))
    optimizer = GradientNoise(torch.optim.SGD([weight], lr=1.0), **options)
    found = []
    for _ in range(steps):
        before = weight.detach().clone()
        weight.grad = torch.full_like(weight, 2.0)
        optimizer.step()
        assert torch.equal(weight.grad, torch.full_like(weight, 2.0))
        found.append(before - weight.detach())
    return torch.stack(found)


def test_the_variance_fades_as_the_formula_says():
    found = moved(8, eta=0.3, gamma=0.55)
    for t, step in enumerate(found):
        assert step.mean() == pytest.approx(2.0, abs=0.02)
        assert step.var() == pytest.approx(0.3 / (1 + t) ** 0.55, rel=0.05)
    assert abs(torch.corrcoef(found[:2])[0, 1]) < 0.03


def test_the_numbers_by_seed_and_step():
    expected = torch.empty(20_000).normal_(0.0, 0.5, generator=generator(7, "gradient noise", 0))
    torch.testing.assert_close(moved(1, eta=0.25, seed=7)[0], 2.0 + expected)
    assert not torch.equal(moved(1, seed=1), moved(1, seed=2))


def test_one_around_another_draws_numbers_of_its_own():
    """Variances add up; of the same numbers twice it would be four times the one, not two."""
    weight = torch.nn.Parameter(torch.zeros(20_000))
    optimizer = GradientNoise(GradientNoise(torch.optim.SGD([weight], lr=1.0), eta=0.5), eta=0.5, gamma=1.0)
    for t in range(3):
        before = weight.detach().clone()
        weight.grad = torch.zeros_like(weight)
        optimizer.step()
        assert (weight.detach() - before).var() == pytest.approx(0.5 / (1 + t) ** 0.55 + 0.5 / (1 + t), rel=0.05)


@pytest.mark.parametrize("options", [{"eta": 0.0}, {"eta": -1.0}, {"gamma": -0.1}])
def test_bad_options(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name} must be"):
        GradientNoise(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0), **options)
