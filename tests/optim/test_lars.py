import pickle

import pytest
import torch
from torch import nn

from sooner.optim import make


def test_two_steps_by_hand():
    """A weight (3, 4) of length 5, gradients (6, 8) of length 10 and then (0, 1); decay 0.5, trust 0.1, lr 2."""
    net = nn.Linear(2, 1, bias=False)
    net.weight.data = torch.tensor([[3.0, 4.0]])
    optimizer = make("lars", net, lr=2.0, weight_decay=0.5, momentum=0.9, trust=0.1)
    # 0.1 * 5 / (10 + 0.5 * 5) = 0.04; g + 0.5 w = (7.5, 10)
    net.weight.grad = torch.tensor([[6.0, 8.0]])
    optimizer.step()
    momentum = [0.3, 0.4]
    weight = [3 - 2 * 0.3, 4 - 2 * 0.4]
    assert net.weight[0].tolist() == pytest.approx(weight)
    # The weight is (2.4, 3.2), of length 4: 0.1 * 4 / (1 + 0.5 * 4) = 0.4 / 3; g + 0.5 w = (1.2, 2.6)
    net.weight.grad = torch.tensor([[0.0, 1.0]])
    optimizer.step()
    momentum = [0.9 * 0.3 + 0.16, 0.9 * 0.4 + 2.6 * 0.4 / 3]
    assert net.weight[0].tolist() == pytest.approx([2.4 - 2 * momentum[0], 3.2 - 2 * momentum[1]])


def test_biases_take_plain_steps():
    net = nn.Linear(1, 1)
    nn.init.constant_(net.bias, 5.0)
    optimizer = make("lars", net, lr=0.1, weight_decay=0.5)
    net.bias.grad = torch.tensor([3.0])
    optimizer.step()
    assert net.bias.item() == pytest.approx(5 - 0.1 * 3)


@pytest.mark.parametrize("name", ["lars", "muon"])
def test_gradients_are_left_as_they_were_and_hooks_run_once(name):
    """The package writes into them; growing sparse weights reads them after the step."""
    import pytorch_optimizer

    weight = nn.Parameter(torch.ones(2, 2))
    pytorch_optimizer.LARS([weight])  # torch hooks into the step of a class at its first instance
    pytorch_optimizer.Muon([{"params": [weight], "use_muon": True}])
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    optimizer = make(name, net, lr=0.1, weight_decay=0.5)
    calls = []
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))

    def closure():
        loss = net(torch.ones(2, 3)).square().sum()
        loss.backward()
        gradients.extend(p.grad.clone() for p in net.parameters())
        return loss

    gradients, before = [], [p.detach().clone() for p in net.parameters()]
    assert optimizer.step(closure).item() > 0
    assert calls == ["before", "after"]
    for parameter, gradient, start in zip(net.parameters(), gradients, before, strict=True):
        assert torch.equal(parameter.grad, gradient)
        assert not torch.equal(parameter, start)


@pytest.mark.parametrize("name", ["lars", "muon"])
def test_it_survives_pickling(name):
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    optimizer = make(name, net, lr=0.1)
    again = pickle.loads(pickle.dumps((net, optimizer)))
    for model, each in ((net, optimizer), again, (net, optimizer), again):
        each.zero_grad()
        model(torch.ones(2, 3)).square().sum().backward()
        each.step()
    for ours, theirs in zip(net.parameters(), again[0].parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trust": 0.0}, "trust must be finite and above 0"),
        ({"momentum": 0.0, "nesterov": True}, "nesterov needs a momentum above 0"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make("lars", nn.Linear(1, 1), lr=0.1, **options)
