import torch
from torch import nn

from sooner.tasks import models
from sooner.tasks.models.wide_resnet import WideResNet16


def test_size_as_published():
    model = models.build("wrn-16-4", (3, 32, 32), 10, seed=0)
    assert round(models.parameters(model) / 1e6, 2) == 2.75


def test_sixteen_convolutions_three_of_them_projections():
    kernels = [m.kernel_size for m in WideResNet16((3, 32, 32), 10, widen=4).modules() if isinstance(m, nn.Conv2d)]
    assert kernels.count((3, 3)) == 13
    assert kernels.count((1, 1)) == 3


def test_a_block_activates_before_it_projects():
    block = WideResNet16((3, 32, 32), 10, widen=4).blocks[2]  # 64 to 128 channels, stride 2
    nn.init.zeros_(block.conv2.weight)  # nothing but the shortcut remains
    block.eval()
    inputs = torch.randn(2, 64, 4, 4, generator=torch.Generator().manual_seed(0))
    active = nn.functional.relu(block.norm1(inputs))
    assert torch.equal(block(inputs), block.projection(active))
