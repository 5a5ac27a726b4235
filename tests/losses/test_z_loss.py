import math

import pytest
import torch

from sooner.losses import ZLoss

OUTPUTS, TARGETS = torch.tensor([[3.0, 1.0, 1.0, -1.0]] * 4), torch.arange(4)  # mean 1, standard deviation sqrt(2)


def test_by_hand():
    """z is (sqrt 2, 0, 0, -sqrt 2)."""
    z = [math.sqrt(2), 0, 0, -math.sqrt(2)]
    for a, b in ((1.0, 0.0), (2.0, 1.5), (0.5, -1.0)):
        expected = [math.log(1 + math.exp(a * (b - each))) / a for each in z]
        assert ZLoss(a, b)(OUTPUTS, TARGETS, TARGETS).tolist() == pytest.approx(expected, rel=1e-4)


def test_shift_and_scale_change_nothing():
    draw = torch.Generator().manual_seed(0)
    outputs, targets = torch.randn(20, 9, generator=draw, dtype=torch.float64), torch.arange(20) % 9
    loss = ZLoss(2.0, 1.0)
    expected = loss(outputs, targets, targets)
    for scale, shift in ((1.0, 70.0), (30.0, 0.0), (4.0, -3.0)):
        torch.testing.assert_close(loss(scale * outputs + shift, targets, targets), expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(loss(-outputs, targets, targets), expected, rtol=0.1)


def test_the_default_b_is_what_a_perfect_output_reaches():
    outputs = torch.tensor([[5.0] + [0.0] * 9])
    assert float(ZLoss()(outputs, torch.tensor([0]), torch.tensor([0]))) == pytest.approx(math.log(2), rel=1e-4)
    assert torch.equal(
        ZLoss()(outputs, torch.tensor([1]), TARGETS[:1]), ZLoss(b=3.0)(outputs, torch.tensor([1]), TARGETS[:1])
    )


def test_a_sharp_one_is_the_hinge():
    found = ZLoss(a=200.0, b=1.0)(OUTPUTS, TARGETS, TARGETS)
    assert found.tolist() == pytest.approx([0, 1, 1, 1 + math.sqrt(2)], abs=1e-4)


def test_equal_outputs_give_a_finite_gradient():
    outputs = torch.zeros(1, 4, requires_grad=True)
    ZLoss()(outputs, torch.tensor([2]), torch.tensor([0])).sum().backward()
    assert outputs.grad.isfinite().all()
    assert outputs.grad[0, 2] < 0


def test_options_out_of_range():
    for options in ({"a": 0.0}, {"a": -1.0}, {"b": math.inf}):
        with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
            ZLoss(**options)
