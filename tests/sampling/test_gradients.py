import pytest
import torch
from tests.integrations.processes import in_two_processes
from torch import nn
from torch.nn.functional import cross_entropy

from sooner.sampling import GraB, gathered, per_example_gradients


def small_model():
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.GroupNorm(1, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 4))
    model[4].bias.requires_grad_(False)
    return model


def test_each_is_the_gradient_of_one_example():
    model = small_model()
    inputs, targets = torch.randn(5, 1, 8, 8), torch.tensor([0, 1, 2, 3, 1])
    found = per_example_gradients(model, cross_entropy, inputs, targets)
    assert all(parameter.grad is None for parameter in model.parameters())
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert found.shape == (5, sum(parameter.numel() for parameter in trainable))
    for row, one, target in zip(found, inputs, targets, strict=True):
        gradients = torch.autograd.grad(cross_entropy(model(one[None]), target[None]), trainable)
        torch.testing.assert_close(row, torch.cat([gradient.flatten() for gradient in gradients]), atol=1e-6, rtol=1e-4)


def test_a_loss_per_example_will_do():
    model, inputs, targets = nn.Linear(3, 2), torch.randn(4, 3), torch.tensor([0, 1, 1, 0])
    each = per_example_gradients(model, lambda x, y: cross_entropy(x, y, reduction="none"), inputs, targets)
    torch.testing.assert_close(each, per_example_gradients(model, cross_entropy, inputs, targets))


def test_batch_norm_has_no_gradient_of_one_example():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    with pytest.raises(ValueError, match="layer 1 normalises over the batch, so no example has a gradient of its own"):
        per_example_gradients(model, cross_entropy, torch.randn(4, 3), torch.tensor([0, 1, 2, 3]))
    model.eval()
    assert per_example_gradients(model, cross_entropy, torch.randn(4, 3), torch.tensor([0, 1, 2, 3])).shape == (4, 24)


def test_alone_a_part_is_the_whole():
    part = torch.arange(3)
    assert gathered(part) is part


def _last_order():
    """The order after three rounds of GraB on gathered gradients, in one process of two."""
    torch.distributed.init_process_group("gloo")
    sampler = GraB(23, 5, seed=4).shard(torch.distributed.get_rank(), 2)
    draw = torch.randn(23, 3, generator=torch.Generator().manual_seed(8))
    for _ in range(3):
        for part in sampler:
            sampler.observe_gradient(gathered(part), gathered(draw[part]))
    return sampler.order(sampler.epoch)[:]


def test_two_processes_make_the_order_of_one(tmp_path):
    results = in_two_processes(_last_order, tmp_path)
    alone = GraB(23, 5, seed=4)
    draw = torch.randn(23, 3, generator=torch.Generator().manual_seed(8))
    for _ in range(3):
        for index in alone:
            alone.observe_gradient(index, draw[index])
    assert results[0].tolist() == results[1].tolist() == alone.order(3)[:].tolist()
    assert results[0].sort().values.tolist() == list(range(23))
