import copy

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sooner import Batch, Indexed, collate, update_bn
from sooner.batching import ghost_batch_norm
from sooner.random import generator, isolated
from sooner.sampling import Reshuffling

# Means 2 and 8, unbiased variances 2 and 8.
FIRST, SECOND = torch.tensor([[1.0], [3.0]]), torch.tensor([[6.0], [10.0]])


def batch(inputs):
    index = torch.arange(len(inputs["x"] if isinstance(inputs, dict) else inputs))
    return Batch(inputs, index, index, torch.ones(len(index)))


def net():
    with isolated(0, "net"):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(64, 3)
        )


def loader(n=60, size=20):
    inputs = torch.randn(n, 1, 6, 6, generator=generator(0, "inputs"))
    data = TensorDataset(inputs, torch.zeros(n, dtype=torch.int64))
    return DataLoader(Indexed(data), batch_sampler=Reshuffling(n, size, seed=0), collate_fn=collate)


def test_the_statistics_by_hand():
    layer = nn.BatchNorm1d(1, momentum=0.25)
    layer.running_mean.fill_(100.0)
    assert update_bn(layer, [batch(FIRST), batch(SECOND)]) == 1
    assert (float(layer.running_mean), float(layer.running_var)) == (5.0, 5.0)
    assert int(layer.num_batches_tracked) == 2
    assert layer.momentum == 0.25


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: (x, None), lambda x: [x, None]])
def test_batches_of_other_kinds(wrap):
    layer = nn.BatchNorm1d(1)
    update_bn(layer, map(wrap, [FIRST, SECOND]))
    assert (float(layer.running_mean), float(layer.running_var)) == (5.0, 5.0)


def test_inputs_by_name():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(1)

        def forward(self, inputs):
            return self.norm(inputs["x"])

    model = Named()
    update_bn(model, [batch({"x": FIRST}), batch({"x": SECOND})])
    assert float(model.norm.running_mean) == 5.0


def test_it_is_torchs_on_a_loader_that_torchs_can_read():
    ours, theirs = net(), net()
    assert update_bn(ours, loader()) == 1
    torch.optim.swa_utils.update_bn([(each.inputs, each.targets) for each in loader()], theirs)
    for name, tensor in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], tensor)


def test_evaluation_after_it_normalises_the_data():
    """Of an average of weights: without it the statistics are those of another model."""
    averaged = torch.optim.swa_utils.AveragedModel(net(), use_buffers=False)
    update_bn(averaged, loader())
    seen = []
    norm = averaged.module[1]
    norm.register_forward_hook(lambda module, inputs, outputs: seen.append(outputs))
    averaged.eval()
    with torch.no_grad():
        for each in loader():
            averaged(each.inputs)
    outputs = torch.cat(seen).transpose(0, 1).flatten(1)
    torch.testing.assert_close(outputs.mean(1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(outputs.var(1), torch.ones(4), atol=0.05, rtol=0)


def test_modes_momenta_and_random_state_are_as_before():
    model = net()
    model[1].momentum = 0.3
    model.train()
    model[1].eval()  # frozen
    weights = [parameter.clone() for parameter in model.parameters()]
    batches = list(loader())
    state = torch.get_rng_state()
    during = []
    model[3].register_forward_hook(lambda module, *_: during.append(module.training))
    update_bn(model, batches)
    assert not any(during)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model] == [True, False, True, True, True, True]
    assert model.training
    assert model[1].momentum == 0.3
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), weights, strict=True))


def test_each_ghost_counts_as_a_batch():
    layer = nn.BatchNorm1d(1)
    ghost_batch_norm(layer, size=2)
    update_bn(layer, [batch(torch.cat([FIRST, SECOND])), batch(FIRST)])
    torch.testing.assert_close(layer.running_mean, torch.tensor([4.0]))  # of 2, 8 and 2
    torch.testing.assert_close(layer.running_var, torch.tensor([4.0]))


def test_no_batch_changes_nothing():
    layer = nn.BatchNorm1d(1).eval()
    layer.running_mean.fill_(100.0)
    with pytest.raises(ValueError, match="no batch to estimate the statistics of batch norm from"):
        update_bn(layer, [])
    assert float(layer.running_mean) == 100.0
    assert (layer.training, layer.momentum) == (False, 0.1)


def test_a_batch_of_one_example_leaves_modes_and_momenta():
    layer = nn.BatchNorm1d(1).eval()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        update_bn(layer, [batch(FIRST), batch(FIRST[:1])])
    assert (layer.training, layer.momentum) == (False, 0.1)


def test_without_batch_norm_no_batch_is_asked_for():
    def none():
        raise AssertionError
        yield

    for model in (nn.Linear(1, 1), nn.BatchNorm1d(1, track_running_stats=False)):
        before = copy.deepcopy(model.state_dict())
        assert update_bn(model, none()) == 0
        assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
