import pytest
import torch
from torch import nn

from sooner.tasks import models
from sooner.tasks.models.resnet18 import ResNet18


def test_size_as_published():
    model = models.build("resnet18", (3, 32, 32), 10, seed=0)
    assert round(models.parameters(model) / 1e6, 2) == 11.17


def test_eighteen_layers_and_three_projections():
    kernels = [m.kernel_size for m in ResNet18((3, 32, 32), 10).modules() if isinstance(m, nn.Conv2d)]
    assert kernels.count((3, 3)) + 1 == 18  # with the linear layer
    assert kernels.count((1, 1)) == 3


def test_a_stem_that_keeps_every_pixel():
    model = ResNet18((3, 32, 32), 10)
    assert model.stem(torch.zeros(1, 3, 32, 32)).shape == (1, 64, 32, 32)
    assert model.blocks(torch.zeros(1, 64, 32, 32)).shape == (1, 512, 4, 4)


def test_kernels_are_drawn_as_he_et_al_say():
    model = models.build("resnet18", (3, 32, 32), 10, seed=0)
    for kernel in (p for p in model.parameters() if p.ndim == 4 and p.numel() > 10_000):
        fan_out = kernel.shape[0] * kernel.shape[2] * kernel.shape[3]
        assert kernel.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.03)
