import pytest
import torch
from torch import nn

from sooner.optim import make


def test_by_hand():
    """One weight 2, one bias 1, gradient 1 each: Nesterov's step is lr * (g + m * v) with v = g at first."""
    net = nn.Linear(1, 1)
    nn.init.constant_(net.weight, 2.0)
    nn.init.constant_(net.bias, 1.0)
    optimizer = make("sgd", net, lr=0.1, weight_decay=0.5, momentum=0.9)
    net.weight.grad, net.bias.grad = torch.ones(1, 1), torch.ones(1)
    optimizer.step()
    assert net.bias.item() == pytest.approx(1 - 0.1 * (1 + 0.9))
    assert net.weight.item() == pytest.approx(2 - 0.1 * (2 + 0.9 * 2))  # its gradient is 1 + 0.5 * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": 0.0}, "lr must be finite and above 0, not 0.0"),
        ({"lr": float("inf")}, "lr must be finite"),
        ({"lr": 0.1, "weight_decay": -1}, "weight_decay must be at least 0, not -1"),
        ({"lr": 0.1, "momentum": 1.0}, r"momentum must be in \[0, 1\), not 1.0"),
        ({"lr": 0.1, "momentum": 0.0}, "nesterov needs a momentum above 0"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make("sgd", nn.Linear(1, 1), **options)
