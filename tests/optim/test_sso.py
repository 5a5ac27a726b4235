import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sooner.optim import SSO, Lookahead, make


def linear(value):
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, value)
    return net


X, Y = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [1.0]])


def squared(z):
    return 0.5 * (z - Y).square().sum(1).mean()


def test_by_hand():
    """w = 2: z = (2, 4), dL/dz = (z - y) / 2 = (-0.5, 1.5). The surrogate in w is <dL/dz, x> w + (w - 2)^2 5 / (4 eta),
    of slope 2.5 + (w - 2) 5 / (2 eta). With eta = 0.5 and rate 0.1: w = 2 - 0.25 = 1.75, then the slope is
    2.5 - 0.25 * 5 = 1.25, w = 1.625."""
    net = linear(2.0)
    optimizer = SSO(torch.optim.SGD(net.parameters(), lr=0.1), steps=2, eta=0.5)
    assert optimizer.step(lambda: net(X), squared).item() == pytest.approx(0.5 * (1 + 9) / 2)
    assert net.weight.item() == pytest.approx(1.625)


def test_many_inner_steps_end_at_the_surrogates_minimum():
    """Slope 0: w = 2 - 2.5 * 2 eta / 5. At eta = 1 of this 1-smooth loss that is the loss's own minimum, w = 1."""
    for eta, expected in ((0.5, 1.5), (1.0, 1.0)):
        net = linear(2.0)
        optimizer = SSO(torch.optim.SGD(net.parameters(), lr=0.1), steps=200, eta=eta)
        optimizer.step(lambda net=net: net(X), squared)
        assert net.weight.item() == pytest.approx(expected)


@pytest.mark.parametrize("base", ["sgd", "adamw"])
def test_one_inner_step_is_the_inner_optimizer(base):
    inputs = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))
    targets = torch.arange(16) % 4
    ours, theirs = (nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    optimizer, plain = SSO(make(base, ours, lr=0.1), steps=1), make(base, theirs, lr=0.1)
    for _ in range(5):
        optimizer.step(lambda: ours(inputs), lambda z: F.cross_entropy(z, targets))
        plain.zero_grad()
        F.cross_entropy(theirs(inputs), targets).backward()
        plain.step()
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())


def test_the_loss_is_called_once_and_the_model_once_per_inner_step():
    net, calls = linear(2.0), []

    def forward():
        calls.append("forward")
        return net(X)

    def loss(z):
        calls.append("loss")
        return squared(z)

    SSO(torch.optim.SGD(net.parameters(), lr=0.01), steps=3).step(forward, loss)
    assert calls == ["forward", "loss", "forward", "forward"]


def test_the_line_search_shortens_a_step_that_is_too_long():
    """Rate 4: the first step would be to 2 - 10 = -8. The surrogate (eta = 1) is 2.5 (w - 2) + 1.25 (w - 2)^2; a move
    of -10 t, slope -25, needs -25 t + 125 t^2 <= -12.5 t, t <= 0.1: the third halving fails, the fourth has 0.0625."""
    net = linear(2.0)
    optimizer = SSO(torch.optim.SGD(net.parameters(), lr=4.0), steps=1, eta=1.0, line_search=True)
    optimizer.step(lambda: net(X), squared)
    assert net.weight.item() == pytest.approx(2 - 10 * 0.0625)


def test_the_line_search_takes_back_a_step_that_leads_uphill():
    net = linear(2.0)
    optimizer = SSO(torch.optim.SGD(net.parameters(), lr=0.1, maximize=True), steps=2, line_search=True)
    optimizer.step(lambda: net(X), squared)
    assert net.weight.item() == pytest.approx(2.0, abs=1e-5)


def test_the_line_search_reuses_the_forward_pass_that_it_accepts():
    net, calls = linear(2.0), []

    def forward():
        calls.append(1)
        return net(X)

    SSO(torch.optim.SGD(net.parameters(), lr=0.01), steps=3, line_search=True).step(forward, squared)
    assert len(calls) == 4


def test_the_surrogate_of_half_precision_outputs_is_in_float32():
    net = linear(2.0).bfloat16()
    optimizer = SSO(torch.optim.SGD(net.parameters(), lr=0.1), steps=1)
    seen = []

    def loss(z):
        seen.append(z.dtype)
        return squared(z)

    assert optimizer.step(lambda: net(X.bfloat16()), loss).dtype == torch.float32
    assert seen == [torch.float32]
    assert net.weight.item() == pytest.approx(1.75)


def test_a_hook_masks_the_gradient_of_every_inner_step():
    net = nn.Linear(3, 4)
    optimizer = SSO(make("sgd", net, lr=0.1), steps=4)
    mask = torch.arange(12).view(4, 3) % 2

    def masked(*_):
        net.weight.grad.mul_(mask)

    optimizer.register_step_pre_hook(masked)
    before = net.weight.detach().clone()
    optimizer.step(lambda: net(torch.ones(8, 3)), lambda z: F.cross_entropy(z, torch.arange(8) % 4))
    assert torch.equal(net.weight.detach() == before, mask == 0)


def test_fewer_gradients_of_the_loss_are_needed_as_the_inner_steps_grow():
    """The claim, Lavington et al. (2023): on logistic regression, calls of the loss to the same value, at a learning
    rate that is safe, and with the line search from one that is not."""
    draw = torch.Generator().manual_seed(0)
    inputs = torch.randn(200, 10, generator=draw)
    targets = (inputs @ torch.randn(10, 3, generator=draw) + torch.randn(200, 3, generator=draw)).argmax(1)

    def calls(steps, lr=0.5, line_search=False):
        net = nn.Linear(10, 3)
        nn.init.zeros_(net.weight)
        nn.init.zeros_(net.bias)
        optimizer = SSO(make("sgd", net, lr=lr, momentum=0.0, nesterov=False), steps, line_search=line_search)
        losses = [1.0]
        while losses[-1] > 0.35:
            losses.append(float(optimizer.step(lambda: net(inputs), lambda z: F.cross_entropy(z, targets))))
            assert len(losses) < 100
        assert not line_search or losses[1:] == sorted(losses[1:], reverse=True)  # eta = 2: an upper bound
        return len(losses) - 1

    one, five, twenty = calls(1), calls(5), calls(20)
    assert twenty < five < one / 2, (one, five, twenty)
    assert calls(5, lr=10.0, line_search=True) < calls(1, lr=10.0, line_search=True) < one


def test_mistakes_are_explained():
    net = linear(2.0)
    optimizer = SSO(torch.optim.SGD(net.parameters(), lr=0.1))
    with pytest.raises(TypeError, match=r"SSO.step needs forward\(\) -> outputs and loss\(outputs\) -> scalar"):
        optimizer.step()
    with pytest.raises(ValueError, match=r"loss must give a scalar, not a tensor of shape \(2, 1\)"):
        optimizer.step(lambda: net(X), lambda z: z)
    with pytest.raises(ValueError, match="line_search cannot shorten a step that Lookahead takes back"):
        SSO(Lookahead(optimizer.optimizer), line_search=True)
    for options, message in (
        ({"steps": 0}, "steps must be at least 1, not 0"),
        ({"eta": 0.0}, "eta must be finite and above 0, not 0.0"),
    ):
        with pytest.raises(ValueError, match=message):
            SSO(optimizer.optimizer, **options)
