import torch
from torch import nn

from sooner.tasks import models
from sooner.tasks.models.resnet20 import ResNet20


def test_size_as_published():
    model = models.build("resnet20", (3, 32, 32), 10, seed=0)
    assert round(models.parameters(model) / 1e6, 2) == 0.27


def test_twenty_layers_without_projections():
    kernels = [m.kernel_size for m in ResNet20((3, 32, 32), 10).modules() if isinstance(m, nn.Conv2d)]
    assert kernels == [(3, 3)] * 19  # and the linear layer


def test_the_shortcut_takes_every_second_pixel_and_pads_channels_with_zero():
    block = ResNet20((3, 32, 32), 10).blocks[3]  # the first of the second stage
    nn.init.zeros_(block.norm2.weight)  # nothing but the shortcut remains
    inputs = torch.rand(2, 16, 6, 6, generator=torch.Generator().manual_seed(0))
    outputs = block(inputs)
    assert outputs.shape == (2, 32, 3, 3)
    assert torch.equal(outputs[:, :16], inputs[:, :, ::2, ::2])
    assert not outputs[:, 16:].any()
