import pytest
import torch
from torch import nn

from sooner.optim import make


def test_by_hand():
    """The first step moves by lr whatever the gradient, after the decay by lr * weight_decay."""
    net = nn.Linear(1, 1)
    nn.init.constant_(net.weight, 2.0)
    nn.init.constant_(net.bias, 1.0)
    optimizer = make("adamw", net, lr=0.1, weight_decay=0.5)
    net.weight.grad, net.bias.grad = torch.full((1, 1), 3.0), torch.full((1,), -7.0)
    optimizer.step()
    assert net.weight.item() == pytest.approx(2 * (1 - 0.05) - 0.1)
    assert net.bias.item() == pytest.approx(1 + 0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight_decay": -1}, "weight_decay must be at least 0, not -1"),
        ({"betas": (0.9, 1.0)}, r"betas must be in \[0, 1\), not 1.0"),
        ({"betas": (0.9,)}, "betas must be two numbers"),
        ({"eps": 0.0}, "eps must be finite and above 0"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make("adamw", nn.Linear(1, 1), lr=0.1, **options)
