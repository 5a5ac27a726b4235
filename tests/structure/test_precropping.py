import math

import pytest
import torch
from torch import nn

from sooner.registry import get
from sooner.sparsity import SynFlow, densities
from sooner.structure import StructureError, groups, precropping
from sooner.tasks.models import build, parameters
from tests.structure.nets import Small, images


def shares(result):
    return {name: after / before for name, (before, after) in result.channels.items()}


def test_uniform_densities_give_one_width_for_all():
    model = build("convnet-16", (3, 8, 8), 10, seed=0)
    found = shares(precropping(model, images(1), density=0.25, rule="uniform"))
    assert all(abs(share - 0.5) < 0.05 for share in found.values())


def test_erk_widths_are_the_roots_of_its_densities():
    model = build("convnet-16", (3, 8, 8), 10, seed=0)
    layers = {name: tuple(m.weight.shape) for name, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    rule = densities(layers, 0.2, "erk")
    found = shares(precropping(model, images(1), density=0.2, rule="erk"))
    ratios = [found[name] / math.sqrt(rule[name]) for name in ("features.2.0", "features.3.0", "features.4.0")]
    assert max(ratios) / min(ratios) < 1.03


def test_synflow_widths_are_the_roots_of_its_densities():
    model, copy = (build("convnet-16", (3, 8, 8), 10, seed=0) for _ in range(2))
    from sooner.batch import Batch

    batch = Batch(images(1), torch.zeros(1), torch.zeros(1, dtype=torch.int64), torch.ones(1))
    optimizer = torch.optim.SGD(copy.parameters(), lr=0.1)
    rule = SynFlow(copy, optimizer, batches=[batch], density=0.2, rounds=5).densities
    before = parameters(model)
    result = precropping(model, images(1), density=0.2, rounds=5)
    found = shares(result)
    ratios = [found[name] / math.sqrt(rule[name]) for name in ("features.2.0", "features.3.0", "features.4.0")]
    assert max(ratios) / min(ratios) < 1.04
    assert parameters(model) / before == pytest.approx(0.2, abs=0.005)


def test_it_is_the_same_every_time_and_draws_nothing():
    before = torch.get_rng_state()
    models = [build("resnet20", (3, 8, 8), 10, seed=0) for _ in range(2)]
    results = [precropping(model, images(n), density=0.1, rounds=2) for n, model in zip((1, 3), models, strict=True)]
    assert results[0] == results[1]
    assert all(torch.equal(p, q) for p, q in zip(models[0].parameters(), models[1].parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), before)
    assert len(groups(models[0], images(1))) == 12


def test_frozen_parameters_stay_frozen():
    model = build("convnet-16", (3, 8, 8), 10, seed=0)
    model.features[0].requires_grad_(False)
    precropping(model, images(1), density=0.5, rounds=1)
    assert not model.features[0][0].weight.requires_grad
    assert model.features[1][0].weight.requires_grad


def test_it_is_registered_to_act_at_the_start():
    method = get("structure", "precropping")
    assert set(method.options) == {"density", "rule", "rounds"}
    assert "optimizer" not in method.parameters
    assert method.many


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"density must be above 0 and at most 1, not 1\.5"):
        precropping(Small(), images(1), density=1.5)
    with pytest.raises(ValueError, match="rule must be one of synflow, erk, uniform, not 'snip'"):
        precropping(Small(), images(1), density=0.5, rule="snip")
    with pytest.raises(ValueError, match="rounds must be at least 1, not 0"):
        precropping(Small(), images(1), density=0.5, rounds=0)
    with pytest.raises(StructureError, match="Identity has no linear or convolutional layer"):
        precropping(nn.Identity(), images(1), density=0.5, rule="erk")
