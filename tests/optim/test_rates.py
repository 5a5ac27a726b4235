import numpy as np
import pytest
import torch
from torch import nn

from sooner.optim import Lamb, make, set_lr, wrap


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


def test_set_lr_keeps_each_groups_own_rate():
    net = nn.Linear(2, 2)
    optimizer = make("sgd", net, lr=0.4)
    optimizer.param_groups[1]["initial_lr"] = 0.8
    for factor in (0.5, 0.25):
        set_lr(optimizer, factor)
        assert rates(optimizer) == [0.4 * factor, 0.8 * factor]


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW, torch.optim.LBFGS, Lamb])
def test_any_optimizer_has_its_peak_in_the_rate_that_it_is_made_with(kind):
    optimizer = kind(nn.Linear(2, 2).parameters(), lr=0.4)
    for factor in (0.5, 0.25, 1.0):
        set_lr(optimizer, factor)
        assert rates(optimizer) == [0.4 * factor]


def test_a_group_that_is_added_starts_from_its_own_rate():
    optimizer = make("sgd", nn.Linear(2, 2), lr=0.4)
    set_lr(optimizer, 0.5)
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))]})
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.8})
    set_lr(optimizer, 0.25)
    assert rates(optimizer) == [0.1, 0.1, 0.1, 0.2]


@pytest.mark.parametrize("name", ["sgd", "adamw", "adagrad", "adagrad-norm", "lamb", "lars", "muon"])
def test_a_rate_that_is_changed_before_training_is_the_peak(name):
    """For `set_lr` and for torch's schedulers, which start from a group's `initial_lr` where it has one."""
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3), nn.Linear(3, 2))
    for schedule in (
        lambda optimizer: set_lr(optimizer, 0.5),
        lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5),
    ):
        optimizer = make(name, net, lr=0.4)
        for group in optimizer.param_groups:
            group["lr"] = 0.1
        schedule(optimizer)
        assert set(rates(optimizer)) == {0.05}


def test_a_rate_that_is_a_tensor_is_set_in_place():
    held = torch.tensor(0.4, dtype=torch.float64)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=held)
    for factor in (0.5, 0.25):
        set_lr(optimizer, factor)
        assert held.item() == 0.4 * factor
    assert optimizer.param_groups[0]["lr"] is held


def test_rates_are_plain_numbers_whatever_they_are_made_of():
    """So that a checkpoint can hold them."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=np.float32(0.5))
    set_lr(optimizer, np.float32(0.5))
    assert [(type(rate), rate) for rate in rates(optimizer)] == [(float, 0.25)]
    assert type(optimizer.param_groups[0]["initial_lr"]) is float


def test_the_peak_rate_survives_save_and_load():
    net = nn.Linear(2, 2)
    saved = make("sgd", net, lr=0.4)
    set_lr(saved, 0.5)
    loaded = make("sgd", net, lr=0.1)
    loaded.load_state_dict(saved.state_dict())
    set_lr(loaded, 1.0)
    assert rates(loaded) == [0.4, 0.4]


def test_a_wrapped_optimizer_has_its_rates_set():
    base = make("adamw", nn.Linear(2, 2), lr=0.4)
    set_lr(wrap("sso", wrap("lookahead", wrap("perpgrad", base))), 0.5)
    assert rates(base) == [0.2, 0.2]
