import pytest
import torch
from torch import nn

from sooner.errors import RecipeError
from sooner.random import generator
from sooner.tasks import load_data, models
from sooner.tasks.models.resnet20 import ResNet20
from sooner.tasks.models.wide_resnet import WideResNet16
from sooner.training.loading import channel_statistics, evaluation_batches


def test_parameter_counts_as_published():
    count = {i.name: models.parameters(models.build(i.name, (3, 32, 32), 10, seed=0)) for i in models.models()}
    assert round(count["resnet20"] / 1e6, 2) == 0.27
    assert round(count["resnet18"] / 1e6, 2) == 11.17
    assert round(count["wrn-16-4"] / 1e6, 2) == 2.75


def test_parameters_of_the_mlp_by_hand():
    model = models.build("mlp", (1, 8, 8), 10, seed=0)
    assert models.parameters(model) == (64 * 256 + 256) + (256 * 256 + 256) + (256 * 10 + 10)


@pytest.mark.parametrize("width", [16, 32, 64])
def test_parameters_of_the_convnet_by_hand(width):
    w = width
    kernels = 9 * (3 * w + w * 2 * w + 2 * w * 4 * w + 4 * w * 8 * w + 8 * w * 8 * w)
    norms = 2 * (w + 2 * w + 4 * w + 8 * w + 8 * w)
    model = models.build(f"convnet-{w}", (3, 32, 32), 10, seed=0)
    assert models.parameters(model) == kernels + norms + 8 * w * 10


def test_the_convnet_refuses_images_that_it_cannot_halve_three_times():
    with pytest.raises(RecipeError, match="convnet-16 takes images of at least 8x8 pixels, but these are 8x7"):
        models.build("convnet-16", (1, 8, 7), 10, seed=0)


def test_the_convnet_learns_digits_in_three_epochs():
    data = load_data("digits")
    mean, std = channel_statistics(data.train)
    model = models.build("convnet-16", data.shape, 10, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    order = generator(0, "order")
    for _ in range(3):
        rows = torch.randperm(len(data.train), generator=order)
        for batch in evaluation_batches(data.train.subset(rows), 64, mean=mean, std=std):
            nn.functional.cross_entropy(model(batch.inputs), batch.targets).backward()
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    (test,) = evaluation_batches(data.test, len(data.test), mean=mean, std=std)
    assert (model(test.inputs).argmax(1) == test.targets).float().mean() > 0.93


def test_resnet20_shortcut_takes_every_second_pixel_and_pads_channels_with_zero():
    model = ResNet20((3, 32, 32), 10)
    block = model.blocks[3]  # the first of the second stage
    nn.init.zeros_(block.norm2.weight)  # nothing but the shortcut remains
    inputs = torch.rand(2, 16, 6, 6, generator=torch.Generator().manual_seed(0))
    outputs = block(inputs)
    assert outputs.shape == (2, 32, 3, 3)
    assert torch.equal(outputs[:, :16], inputs[:, :, ::2, ::2])
    assert not outputs[:, 16:].any()


@pytest.mark.parametrize(("name", "layers"), [("resnet20", 20), ("resnet18", 18), ("wrn-16-4", 16)])
def test_the_depth_is_in_the_name(name, layers):
    # Counted as in the papers: the layers on the longest path, without the shortcuts' projections.
    modules = models.build(name, (3, 32, 32), 10, seed=0).modules()
    kernels = [m for m in modules if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
    assert len(kernels) + 1 == layers + (name == "wrn-16-4") * -3  # WRN counts its three projections


def test_wide_resnet_activates_before_it_projects():
    model = WideResNet16((3, 32, 32), 10, widen=4)
    block = model.blocks[2]  # 64 to 128 channels, stride 2
    nn.init.zeros_(block.conv2.weight)
    inputs = torch.randn(2, 64, 4, 4, generator=torch.Generator().manual_seed(0))
    block.eval()
    active = nn.functional.relu(block.norm1(inputs))
    assert torch.equal(block(inputs), block.projection(active))


def test_he_initialisation_of_residual_nets():
    model = models.build("resnet18", (3, 32, 32), 10, seed=0)
    for kernel in (p for p in model.parameters() if p.ndim == 4 and p.numel() > 10_000):
        fan_out = kernel.shape[0] * kernel.shape[2] * kernel.shape[3]
        assert kernel.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.03)
