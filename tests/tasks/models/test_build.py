import pytest
import torch

from sooner.errors import RecipeError
from sooner.tasks import models

NAMES = [info.name for info in models.models()]


def test_the_models_known_by_name():
    assert NAMES == ["mlp", "convnet-16", "convnet-32", "convnet-64", "resnet20", "resnet18", "wrn-16-4"]
    assert all(info.summary for info in models.models())


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_alone_decides_the_parameters(name):
    torch.manual_seed(1)
    first = models.build(name, (1, 8, 8), 10, seed=3).state_dict()
    torch.manual_seed(2)
    again = models.build(name, (1, 8, 8), 10, seed=3).state_dict()
    other = models.build(name, (1, 8, 8), 10, seed=4).state_dict()
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    drawn = [key for key, value in first.items() if value.ndim > 1]
    assert not any(torch.equal(first[key], other[key]) for key in drawn)


@pytest.mark.parametrize("name", NAMES)
def test_the_global_generator_is_left_alone(name):
    before = torch.get_rng_state()
    models.build(name, (1, 8, 8), 10, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32)])
def test_logits_for_each_shape_under_bfloat16(name, shape):
    model = models.build(name, shape, 7, seed=0)
    inputs = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(inputs.to(memory_format=torch.channels_last))
    assert logits.shape == (2, 7)
    logits.float().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_convolutions_are_channels_last(name):
    kernels = [p for p in models.build(name, (3, 32, 32), 10, seed=0).parameters() if p.ndim == 4]
    assert all(kernel.is_contiguous(memory_format=torch.channels_last) for kernel in kernels)
    assert bool(kernels) == (name != "mlp")


def test_a_table_fits_the_mlp_and_nothing_else():
    assert models.build("mlp", (30,), 2, seed=0)(torch.zeros(5, 30)).shape == (5, 2)
    for name in NAMES[1:]:
        with pytest.raises(RecipeError, match=rf"{name} takes images .* shape \(30,\); use the model 'mlp'"):
            models.build(name, (30,), 2, seed=0)


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(
        RecipeError,
        match=r"no model is named 'convnet-8'; did you mean 'convnet-64'\? allowed: mlp, convnet-16, .* wrn-16-4",
    ):
        models.build("convnet-8", (3, 32, 32), 10, seed=0)


def test_impossible_shapes_and_classes():
    with pytest.raises(ValueError, match="classes must be at least 2, not 1"):
        models.build("mlp", (4,), 1, seed=0)
    for shape in ((), (3, 0, 8)):
        with pytest.raises(ValueError, match="positive sizes"):
            models.build("mlp", shape, 2, seed=0)
