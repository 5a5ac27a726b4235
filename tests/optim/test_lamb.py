import math
import pickle

import pytest
import torch
from torch import nn

from sooner.optim import Lamb, make


def test_two_steps_by_hand():
    """A weight (3, 4) of length 5, gradients (1, -2), then (2, 2)."""
    lr, decay, eps, beta1, beta2 = 0.1, 0.5, 1e-6, 0.9, 0.999
    net = nn.Linear(2, 1, bias=False)
    net.weight.data = torch.tensor([[3.0, 4.0]])
    optimizer = make("lamb", net, lr=lr, weight_decay=decay)
    weight, mean, square = [3.0, 4.0], [0.0, 0.0], [0.0, 0.0]
    for step, gradient in enumerate(([1.0, -2.0], [2.0, 2.0]), 1):
        net.weight.grad = torch.tensor([gradient])
        optimizer.step()
        direction = []
        for i in range(2):
            mean[i] = beta1 * mean[i] + (1 - beta1) * gradient[i]
            square[i] = beta2 * square[i] + (1 - beta2) * gradient[i] ** 2
            corrected = mean[i] / (1 - beta1**step), square[i] / (1 - beta2**step)
            direction.append(corrected[0] / (math.sqrt(corrected[1]) + eps) + decay * weight[i])
        ratio = math.hypot(*weight) / math.hypot(*direction)
        weight = [w - lr * ratio * r for w, r in zip(weight, direction, strict=True)]
        assert net.weight[0].tolist() == pytest.approx(weight, rel=1e-5)


def test_a_step_has_the_weights_length_times_the_rate():
    """Whatever the gradient, from the first step on: no factor of a missing bias correction, no clip of the norm."""
    draw = torch.Generator().manual_seed(0)
    net = nn.Linear(40, 30, bias=False)
    net.weight.data.mul_(50)
    optimizer = make("lamb", net, lr=0.01)
    for scale in (1e-3, 1.0, 1e3):
        before = net.weight.detach().clone()
        net.weight.grad = scale * torch.randn(30, 40, generator=draw)
        optimizer.step()
        assert float((net.weight.detach() - before).norm() / before.norm()) == pytest.approx(0.01, rel=1e-4)


def test_biases_move_as_adams_and_do_not_decay():
    net = nn.Linear(1, 2)
    net.bias.data = torch.tensor([5.0, -5.0])
    optimizer = make("lamb", net, lr=0.1, weight_decay=0.5)
    net.bias.grad = torch.tensor([3.0, -0.02])
    optimizer.step()
    assert net.bias.tolist() == pytest.approx([4.9, -4.9], abs=1e-4)


def test_a_weight_of_zeros_moves():
    net = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(net.weight)
    optimizer = make("lamb", net, lr=0.1)
    net.weight.grad = torch.tensor([[1.0, -1.0]])
    optimizer.step()
    assert net.weight[0].tolist() == pytest.approx([-0.1, 0.1], rel=1e-4)


def test_it_survives_pickling():
    weight = nn.Parameter(torch.tensor([[3.0, 4.0]]))
    weight.grad = torch.ones(1, 2)
    optimizer = Lamb([weight], lr=0.1)
    optimizer.step()
    again = pickle.loads(pickle.dumps(optimizer))
    copy = again.param_groups[0]["params"][0]
    copy.grad = torch.ones(1, 2)
    optimizer.step()
    again.step()
    assert torch.equal(copy, weight)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="eps must be finite and above 0"):
        make("lamb", nn.Linear(1, 1), lr=0.1, eps=0.0)
