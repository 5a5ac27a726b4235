import pytest
import torch
from torch import nn

from sooner.tasks import models


def test_flops_of_the_mlp_by_hand():
    model = models.build("mlp", (1, 8, 8), 10, seed=0)
    assert models.flops(model, (1, 8, 8)) == 2 * (64 * 256 + 256 * 256 + 256 * 10)


def test_flops_of_the_convnet_by_hand():
    model = models.build("convnet-16", (1, 8, 8), 10, seed=0)
    kernels = 64 * 9 * 16 + 64 * 9 * 16 * 32 + 16 * 9 * 32 * 64 + 4 * 9 * 64 * 128 + 4 * 9 * 128 * 128
    assert models.flops(model, (1, 8, 8)) == 2 * (kernels + 128 * 10)


def test_flops_of_resnet20_as_known():
    # 40.6 million multiply-accumulates at 32x32 (He et al. 2016 give the net; the figure is the field's).
    model = models.build("resnet20", (3, 32, 32), 10, seed=0)
    assert round(models.flops(model, (3, 32, 32)) / 2e6, 1) == 40.6


def test_counting_changes_nothing():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(4)
            self.frozen = nn.Linear(4, 4).eval()

        def forward(self, inputs):
            return self.frozen(self.norm(inputs)) + torch.rand(4)

    model = Noisy()
    before, drawn = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    assert models.flops(model, (4,)) == 2 * 4 * 4
    assert model.training
    assert model.norm.training
    assert not model.frozen.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), drawn)


def test_parameters_that_are_shared_count_once():
    layer = nn.Linear(3, 3)
    assert models.parameters(nn.Sequential(layer, nn.ReLU(), layer)) == 12


@pytest.mark.parametrize("name", [info.name for info in models.models()])
def test_of_models_known_by_name_the_layers_are_all_that_counts(name: str) -> None:
    model = models.build(name, (3, 32, 32), 10, seed=0)
    assert models.layer_flops(model, (3, 32, 32)) == models.flops(model, (3, 32, 32)) > 0
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())
