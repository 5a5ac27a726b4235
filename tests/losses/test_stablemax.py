import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from sooner.losses import StableMax


def naive(outputs, targets):
    """By the definition, number by number."""
    found = []
    for row, target in zip(outputs.tolist(), targets.tolist(), strict=True):
        s = [x + 1 if x >= 0 else 1 / (1 - x) for x in row]
        found.append(-math.log(s[target] / sum(s)))
    return torch.tensor(found, dtype=torch.float64)


def test_by_hand():
    """s(1) = 2, s(0) = 1, s(-1) = 1/2, which add to 7/2."""
    outputs, targets = torch.tensor([[1.0, 0.0, -1.0]] * 3), torch.arange(3)
    expected = [math.log(7 / 4), math.log(7 / 2), math.log(7)]
    assert StableMax()(outputs, targets, targets).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_against_the_definition(precision, tolerance):
    draw = torch.Generator().manual_seed(0)
    outputs = torch.randn(50, 7, generator=draw, dtype=torch.float64) * torch.logspace(-2, 6, 50)[:, None]
    targets = torch.randint(7, (50,), generator=draw)
    if precision == "float32":
        outputs = outputs.float()
    found = StableMax(precision)(outputs, targets, targets)
    torch.testing.assert_close(found.double(), naive(outputs, targets), rtol=tolerance, atol=tolerance)


def test_the_gradient_at_zero_and_at_one():
    """g' is 1 / (1 + |x|) everywhere: at 0 no branch is lost or counted twice, at 1 the other one sends no NaN."""
    for precision in ("float64", "float32"):
        outputs = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]], requires_grad=True)
        targets = torch.zeros(3, dtype=torch.int64)
        StableMax(precision)(outputs, targets, targets).sum().backward()
        p = torch.tensor([[1, 1, 1], [2, 1, 1], [0.5, 1, 1]])
        expected = (p / p.sum(1, keepdim=True) - torch.eye(3)[0]) / (1 + outputs.detach().abs())
        torch.testing.assert_close(outputs.grad, expected)


def test_where_the_softmax_has_collapsed_it_still_has_a_gradient():
    outputs, targets = torch.tensor([[120.0, 0.0, 0.0]], requires_grad=True), torch.tensor([0])
    cross_entropy(outputs, targets).backward()
    assert float(outputs.grad[0, 0]) == 0
    outputs.grad = None
    StableMax()(outputs, targets, targets).sum().backward()
    assert float(outputs.grad[0, 0]) == pytest.approx(-(1 - 121 / 123) / 121, rel=1e-5)


def test_options_and_devices():
    with pytest.raises(ValueError, match="precision must be one of float64, float32, not 'half'"):
        StableMax("half")
