"""What every averaging does around the mean itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sooner.averaging import EMA
from sooner.optim import sgd
from sooner.recipes import Recipe
from sooner.sparsity import RigL
from sooner.tasks import get_task


def trained(model: nn.Module, average: EMA, steps: int = 5) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        model(torch.ones(2, 3)).square().sum().backward()
        optimizer.step()
        average.step(step / steps)


def test_before_the_first_step_the_model_is_its_own() -> None:
    model = nn.Linear(3, 2)
    before = model.weight.clone()
    with EMA(model).applied():
        assert torch.equal(model.weight, before)


def test_the_weights_come_back_also_after_an_error() -> None:
    model = nn.Linear(3, 2)
    average = EMA(model, decay=0.9, warmup=False)
    trained(model, average)
    own = model.weight.clone()
    inside = []

    def fail() -> None:
        with average.applied():
            inside.append(model.weight.clone())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not torch.equal(inside[0], own)
    assert torch.equal(model.weight, own)


def test_the_mean_of_a_narrow_model_is_wide() -> None:
    # In bfloat16 a step of a thousandth of the way would be lost whole.
    model = nn.Linear(3, 2, bias=False).to(torch.bfloat16)
    average = EMA(model, decay=0.999, warmup=False)
    with torch.no_grad():
        model.weight.fill_(1.0)
    average.step(0.0)
    with torch.no_grad():
        model.weight.fill_(2.0)
    for _ in range(100):
        average.step(0.0)
    mean = average.state_dict()["mean"]["weight"]
    assert mean.dtype == torch.float32
    torch.testing.assert_close(mean, torch.full((2, 3), 2 - 0.999**100))


def test_tied_weights_are_averaged_once() -> None:
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    model[1].weight = model[0].weight
    average = EMA(model)
    trained(model, average)
    assert list(average.state_dict()["mean"]) == ["0.weight"]


def test_a_buffer_with_infinities_is_the_models_own() -> None:
    # -inf + share * (-inf - -inf) is not a number: an attention mask would make every output NaN.
    model = nn.Linear(3, 2)
    mask = torch.full((3, 3), -torch.inf).triu(1)
    model.register_buffer("mask", mask.clone())
    average = EMA(model, decay=0.5, warmup=False)
    trained(model, average)
    with average.applied():
        assert torch.equal(model.get_buffer("mask"), mask)
    again = EMA(model, decay=0.5, warmup=False)
    again.load_state_dict(average.state_dict())
    again.step(1.0)
    assert sorted(again.state_dict()["mean"]) == ["bias", "weight"]


def test_a_model_whose_tensors_change_is_refused_by_name() -> None:
    model = nn.Linear(3, 2)
    average = EMA(model)
    trained(model, average)
    model.weight = nn.Parameter(torch.ones(2, 2))
    with pytest.raises(ValueError, match=r"weight had the shape \(2, 3\) and has \(2, 2\)"):
        average.step(1.0)


def test_a_state_of_another_model_is_refused() -> None:
    model = nn.Linear(3, 2)
    average = EMA(model)
    trained(model, average)
    with pytest.raises(ValueError, match="of another model: bias, weight differ"):
        EMA(nn.Linear(4, 3)).load_state_dict(average.state_dict())


def test_masks_that_moved_are_laid_over_the_mean() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 16, bias=False), nn.ReLU(), nn.Linear(16, 2, bias=False))
    optimizer = sgd(model, lr=0.1)
    sparsity = RigL(model, optimizer, density=0.3, every=2)
    average = EMA(model, decay=0.9, warmup=False)
    for step in range(1, 11):
        model(torch.randn(8, 3)).square().sum().backward()
        optimizer.step()
        sparsity.step(step / 20)
        average.step(step / 20)
        optimizer.zero_grad()
    alive = sum(int(mask.sum()) for mask in sparsity.masks.values())
    with average.applied():
        assert sum(int((weight != 0).sum()) for weight in model.parameters()) > alive
    average.masks = sparsity
    with average.applied():
        assert sum(int((weight != 0).sum()) for weight in model.parameters()) <= alive


def test_a_recipe_chooses_it() -> None:
    fields = {**get_task("digits").recipe, "name": "mine", "averaging": "ema"}
    chosen = {"name": "ema", "decay": 0.999, "warmup": True, "every": 1}
    assert Recipe.from_dict(fields).to_dict()["averaging"] == chosen


def test_a_wrapped_model_is_averaged_under_the_names_of_its_own() -> None:
    model = nn.Linear(3, 2)
    average = EMA(nn.DataParallel(model))
    trained(model, average)
    assert set(average.state_dict()["mean"]) == {"weight", "bias"}
