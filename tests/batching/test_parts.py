import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from sooner import Batch
from sooner.batching import Batching, observe_parts
from sooner.random import generator, isolated


class Watching(Batching):
    """Asks for three parts and keeps what it is shown."""

    def __init__(self, batch_size, wanted=3):
        super().__init__(batch_size)
        self.wanted, self.seen = wanted, []

    @property
    def parts(self):
        return self.wanted

    def observe(self, gradient, examples):
        self.seen.append((gradient, examples))


def each(outputs, targets):
    return cross_entropy(outputs, targets, reduction="none")


def made():
    with isolated(0, "model"):
        model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    model.append(nn.Identity())
    draw = generator(0, "data")
    weight = torch.rand(10, generator=draw)
    targets = torch.randint(3, (10,), generator=draw)
    return model, Batch(torch.randn(10, 4, generator=draw), targets, torch.arange(10), weight)


def gradient_of(model, batch, cut):
    loss = (each(model(batch.inputs[cut]), batch.targets[cut]) * batch.weight[cut]).mean()
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([gradient.flatten() for gradient in gradients]), float(loss.detach())


@pytest.mark.parametrize("wanted", [0, 3])
def test_the_gradient_is_the_whole_batchs(wanted):
    model, batch = made()
    expected, loss = gradient_of(model, batch, slice(0, 10))
    for times in (1, 2):  # a second call adds, as backward() does
        found = observe_parts(Watching(10, wanted), model, batch, each)
        assert float(found) == pytest.approx(loss)
        torch.testing.assert_close(torch.cat([p.grad.flatten() for p in model.parameters()]), times * expected)


def test_each_parts_mean_gradient_is_shown():
    model, batch = made()
    watching = Watching(10)
    observe_parts(watching, model, batch, each)
    assert [examples for _, examples in watching.seen] == [4, 3, 3]
    for (gradient, _), cut in zip(watching.seen, (slice(0, 4), slice(4, 7), slice(7, 10)), strict=True):
        torch.testing.assert_close(gradient, gradient_of(model, batch, cut)[0])


def test_parameters_without_a_part_in_the_loss_have_zero_and_frozen_ones_none():
    model, batch = made()
    model.unused = nn.Parameter(torch.ones(2))
    model.forward = lambda inputs: model[2](model[1](model[0](inputs)))
    model[0].weight.requires_grad_(False)
    watching = Watching(10)
    observe_parts(watching, model, batch, each)
    assert watching.seen[0][0].shape == (5 + 15 + 3 + 2,)
    assert model.unused.grad.tolist() == [0.0, 0.0]
    assert model[0].weight.grad is None


def test_a_loss_of_the_whole_batch_is_refused():
    model, batch = made()
    with pytest.raises(ValueError, match=r"one number per example, shape \(4,\), not \(\)"):
        observe_parts(Watching(10), model, batch, cross_entropy)
