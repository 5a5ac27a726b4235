import math

import pytest
import torch
from torch import nn

from sooner.structure import StructureError, crop
from sooner.tasks.models import build, flops, parameters
from tests.structure.nets import images, seeded


def mlp():
    return nn.Sequential(nn.Linear(4, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 3))


def count(first, second):
    return 5 * first + (first + 1) * second + 3 * (second + 1)


def test_widths_follow_the_root_of_the_densities_and_meet_the_total():
    # Widths are floor(s * 40) and floor(s * 60), for densities of 0.16 and 0.36, and the count of parameters is known.
    goal = 0.3 * count(100, 100)
    model = seeded(mlp)
    result = crop(model, torch.zeros(1, 4), {"0": 0.16, "2": 0.36, "4": 1.0}, density=0.3)
    first, second = result.channels["0"][1], result.channels["2"][1]
    curve = {(math.floor(s * 40 + 1e-9), math.floor(s * 60 + 1e-9)) for s in torch.linspace(0.1, 1.6, 100_000).tolist()}
    curve = {(a, b) for a, b in curve if a <= 100 and b <= 100}
    best = min(abs(count(a, b) - goal) for a, b in curve)
    assert abs(count(first, second) - goal) <= best
    assert parameters(model) == count(first, second) == result.parameters[1]
    assert result.reached == count(first, second) / count(100, 100)
    assert second / first == pytest.approx(1.5, abs=0.05)


def test_the_first_channels_stay_rescaled_by_the_root_of_old_over_new_inputs():
    model, whole = seeded(mlp), seeded(mlp)
    result = crop(model, torch.zeros(1, 4), dict.fromkeys("024", 0.25), density=0.3)
    first, second = result.channels["0"][1], result.channels["2"][1]
    assert torch.equal(model[0].weight, whole[0].weight[:first])  # all inputs are there
    factor = math.sqrt(100 / first)
    assert torch.allclose(model[2].weight, whole[2].weight[:second, :first] * factor)
    assert torch.allclose(model[2].bias, whole[2].bias[:second] * factor)
    assert torch.allclose(model[4].weight, whole[4].weight[:, :second] * math.sqrt(100 / second))
    bound = 1 / math.sqrt(first)  # of a fresh layer with so many inputs
    assert 0.95 * bound < model[2].weight.abs().max() <= bound * (1 + 1e-6)


def test_it_can_be_left_unscaled():
    model, whole = seeded(mlp), seeded(mlp)
    result = crop(model, torch.zeros(1, 4), dict.fromkeys("024", 0.25), density=0.3, rescale=False)
    assert torch.equal(model[4].weight, whole[4].weight[:, : result.channels["2"][1]])


def test_coupled_layers_are_as_wide_as_their_densities_together():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.narrow, self.head = nn.Linear(30, 100), nn.Linear(10, 100), nn.Linear(100, 2)

        def forward(self, x):
            return self.head(self.wide(x) + self.narrow(x[:, :10]))

    class Two(Sum):
        def __init__(self):
            super().__init__()
            self.before, self.narrow = nn.Linear(30, 100), nn.Linear(100, 100)

        def forward(self, x):
            return self.head(self.wide(x) + self.narrow(self.before(x)))

    # The sum has 13,000 weights, of which 0.1 * 3,000 + 0.4 * 10,000 stay: p = 4.3 / 13, against 0.25 before it.
    model = Two()
    result = crop(model, torch.zeros(1, 30), {"wide": 0.1, "narrow": 0.4, "before": 0.25, "head": 1.0}, density=0.2)
    (_, together), (_, before) = result.channels["wide"], result.channels["before"]
    assert together / before == pytest.approx(math.sqrt(4.3 / 13 / 0.25), rel=0.03)


@pytest.mark.parametrize(("name", "near"), [("mlp", 0.005), ("convnet-16", 0.005), ("resnet20", 0.02)])
@pytest.mark.parametrize("density", [0.5, 0.1])
def test_our_models_come_near_the_density(name, near, density):
    model = build(name, (3, 8, 8), 10, seed=0)
    layers = {name for name, module in model.named_modules() if hasattr(module, "weight")}
    before = parameters(model), flops(model, (3, 8, 8))
    result = crop(model, images(2), dict.fromkeys(layers, 0.5), density=density)
    assert result.parameters == (before[0], parameters(model))
    assert result.flops == (before[1], flops(model, (3, 8, 8)))
    assert parameters(model) / before[0] == pytest.approx(density, abs=near)
    assert model(images()).shape == (6, 10)


def test_extremes():
    model = seeded(mlp)
    assert crop(model, torch.zeros(1, 4), dict.fromkeys("024", 0.5), density=1.0).reached == 1
    result = crop(model, torch.zeros(1, 4), {"0": 0.0, "2": 0.5, "4": 1.0}, density=1e-6)
    assert result.channels == {"0": (100, 1), "2": (100, 1)}  # one stays, the report says what was reached
    assert result.reached == count(1, 1) / count(100, 100)
    assert "100 to 1 channels" in str(result)
    assert "4: whole, because: the model's output" in str(result)


def test_bad_arguments():
    with pytest.raises(ValueError, match="density must be above 0 and at most 1, not 0"):
        crop(mlp(), torch.zeros(1, 4), {}, density=0)
    with pytest.raises(ValueError, match="densities must have a number for each layer that makes channels, also 0"):
        crop(mlp(), torch.zeros(1, 4), {"2": 0.5}, density=0.5)
    with pytest.raises(
        StructureError, match=r"no channel of Linear can be removed:(.|\n)*not known what linear in the model's own"
    ):
        crop(nn.Linear(4, 3), torch.zeros(1, 4), {"": 0.5}, density=0.5)
