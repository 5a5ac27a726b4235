import io

import pytest
import torch
from torch import nn

from sooner.optim import AdaGradNorm, make


def net_and_optimizer(**options):
    net = nn.Linear(1, 1)
    nn.init.constant_(net.weight, 2.0)
    nn.init.constant_(net.bias, 1.0)
    return net, make("adagrad-norm", net, lr=0.5, **options)


def move(net, optimizer, weight, bias):
    net.weight.grad, net.bias.grad = torch.full((1, 1), weight), torch.full((1,), bias)
    optimizer.step()
    return net.weight.item(), net.bias.item()


def test_by_hand():
    """Gradients (3, 4), norm 5, then (0, 12): the root of the sum is 5, then 13, over both groups."""
    net, optimizer = net_and_optimizer()
    assert move(net, optimizer, 3.0, 4.0) == pytest.approx((2 - 0.5 * 3 / 5, 1 - 0.5 * 4 / 5))
    assert move(net, optimizer, 0.0, 12.0) == pytest.approx((1.7, 0.6 - 0.5 * 12 / 13))


def test_the_start_and_the_decay_count_in_the_norm():
    """b_0 = 12; the weight's gradient is 3 + 1 * 2 = 5 with decay: sqrt(144 + 25) = 13."""
    net, optimizer = net_and_optimizer(start=12.0, weight_decay=1.0)
    assert move(net, optimizer, 3.0, 0.0) == pytest.approx((2 - 0.5 * 5 / 13, 1.0))


def test_it_continues_exactly():
    unbroken, broken = net_and_optimizer(), net_and_optimizer()
    for pair in (unbroken, broken):
        move(*pair, 3.0, 4.0)
    file = io.BytesIO()
    torch.save(broken[1].state_dict(), file)
    file.seek(0)
    fresh = make("adagrad-norm", broken[0], lr=9.0)
    fresh.load_state_dict(torch.load(file, weights_only=True))
    assert move(broken[0], fresh, 1.0, 1.0) == move(*unbroken, 1.0, 1.0)


def test_it_needs_no_tuning_on_a_quadratic():
    """Ward et al. (2019): it converges from any lr, where gradient descent diverges from 2 / 10 on."""
    curvature = torch.tensor([1.0, 10.0])
    for lr in (0.1, 1.0, 10.0):
        point = nn.Parameter(torch.tensor([1.0, 1.0]))
        optimizer = AdaGradNorm([point], lr=lr)
        for _ in range(800):
            point.grad = curvature * point.detach()
            optimizer.step()
        assert point.detach().abs().max() < 0.1, lr


def test_without_gradients_nothing_moves():
    net, optimizer = net_and_optimizer()
    optimizer.step()
    assert net.weight.item() == 2.0


def test_the_closure_is_called_with_gradients():
    net, optimizer = net_and_optimizer()

    def closure():
        loss = net(torch.ones(1, 1)).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 3.0
    assert net.weight.item() == pytest.approx(2 - 0.5 / 2**0.5)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="start must be finite and above 0, not 0"):
        net_and_optimizer(start=0)
    embedding = nn.Embedding(3, 2, sparse=True)
    optimizer = make("adagrad-norm", embedding, lr=0.1)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(TypeError, match="adagrad-norm takes no sparse gradients"):
        optimizer.step()
