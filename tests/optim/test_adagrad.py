import pytest
import torch
from torch import nn

from sooner.optim import make


def test_by_hand():
    """Gradients 3, then 4: steps of lr 3 / sqrt(9), then lr 4 / sqrt(25)."""
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 2.0)
    optimizer = make("adagrad", net, lr=0.1)
    for gradient, expected in ((3.0, 1.9), (4.0, 1.82)):
        net.weight.grad = torch.full((1, 1), gradient)
        optimizer.step()
        assert net.weight.item() == pytest.approx(expected)
