import pytest
import torch
from tests.sparsity.nets import convnet, mlp, sgd, train
from torch import nn

from sooner.sparsity import SET, RandomPruning, RigL, counts


@pytest.mark.parametrize("distribution", ["erk", "er", "uniform", {"0": 1.0, "3": 2.0, "8": 3.0}])
@pytest.mark.parametrize("density", [0.05, 0.37, 1.0])
def test_counts_are_exact(distribution, density):
    model = convnet()
    sparsity = RandomPruning(model, sgd(model), density=density, distribution=distribution)
    shapes = {"0": (4, 1, 3, 3), "3": (6, 4, 3, 3), "8": (3, 24)}
    expected = counts(shapes, density, distribution)
    assert {name: int(mask.sum()) for name, mask in sparsity.masks.items()} == expected
    assert sum(expected.values()) == round(density * 324)
    assert sparsity.density == sum(expected.values()) / 324
    assert sparsity.densities == {name: expected[name] / sparsity.masks[name].numel() for name in expected}
    for name, mask in sparsity.masks.items():
        weight = model.get_submodule(name).weight
        assert mask.dtype == torch.bool
        assert torch.equal(weight != 0, mask)


def test_masks_stay_and_live_weights_train():
    model = mlp()
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    optimizer = sgd(model, momentum=0.9, weight_decay=1e-2)
    sparsity = RandomPruning(model, optimizer, density=0.3)
    masks = sparsity.masks
    train(model, optimizer, sparsity, 20)
    for name, mask in sparsity.masks.items():
        assert torch.equal(mask, masks[name])
        weight = model.get_submodule(name).weight
        assert torch.equal(weight != 0, mask)
        assert not torch.equal(weight[mask], before[f"{name}.weight"][mask])
        assert not optimizer.state[weight]["momentum_buffer"][~mask].any()


def test_masks_are_uniform_draws_of_the_seed():
    def mask(seed):
        model = nn.Linear(4, 5)
        return RandomPruning(model, sgd(model), density=0.25, seed=seed).masks[""]

    assert torch.equal(mask(3), mask(3))
    drawn = torch.stack([mask(seed) for seed in range(400)]).float().mean(0)
    # Each entry is alive in a quarter of the draws; its share has a standard error of 0.022.
    assert (drawn - 0.25).abs().max() < 0.1
    assert len({tuple(mask(seed).flatten().tolist()) for seed in range(20)}) == 20


def test_methods_start_from_the_same_masks():
    """So a race on one seed compares what they do, not what they drew."""
    masks = []
    for method in (RandomPruning, RigL, SET):
        model = mlp()
        masks.append(method(model, sgd(model), density=0.2, seed=4, distribution="erk").masks)
    for name, mask in masks[0].items():
        assert torch.equal(mask, masks[1][name])
        assert torch.equal(mask, masks[2][name])
