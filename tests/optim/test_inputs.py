"""What every optimizer and wrapper does with inputs out of the ordinary: it works, or one error says what is wrong."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from sooner.optim import SSO, make, wrap

OPTIMIZERS = ["sgd", "adamw", "adagrad", "adagrad-norm", "lamb", "lars", "muon"]
WRAPPERS = ["perpgrad", "lookahead", "gradient-noise", "sso"]
each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
each_wrapper = pytest.mark.parametrize("name", WRAPPERS)


class Net(nn.Module):
    """Words to one number each, over a hidden weight that muon can move."""

    def __init__(self, sparse=False):
        super().__init__()
        self.words = nn.Embedding(7, 4, sparse=sparse)
        self.hidden = nn.Linear(4, 4)
        self.head = nn.Linear(4, 1)

    def forward(self, words):
        return self.head(self.hidden(self.words(words)).tanh()).squeeze(-1)


def of(name, net, **options):
    """The optimizer of that name, or the wrapper around plain SGD."""
    if name in OPTIMIZERS:
        return make(name, net, **{"lr": 0.1, **options})
    return wrap(name, torch.optim.SGD(net.parameters(), lr=0.1), **options)


def complex_and_real():
    """Two complex weights and a real one, and the same numbers as pairs of real ones, which decay alike."""
    draw = torch.Generator().manual_seed(3)
    pairs = [torch.randn(3, 4, 2, generator=draw), torch.randn(3, 1, 2, generator=draw)]
    real = torch.randn(2, 2, generator=draw)
    return (
        nn.ParameterList([nn.Parameter(each) for each in (*map(torch.view_as_complex, pairs), real)]),
        nn.ParameterList([nn.Parameter(each.clone()) for each in (*pairs, real)]),
    )


COMPLEX = {name: {"weight_decay": 0.1} for name in OPTIMIZERS if name != "muon"}
COMPLEX |= {"perpgrad": {}, "lookahead": {"k": 2}, "gradient-noise": {"eta": 0.5}}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_weights_move_as_their_parts_do(name):
    numbers, parts = complex_and_real()
    both = [of(name, net, **COMPLEX[name]) for net in (numbers, parts)]
    draw = torch.Generator().manual_seed(4)
    for _ in range(5):
        for number, part in zip(numbers, parts, strict=True):
            part.grad = torch.randn(part.shape, generator=draw)
            number.grad = torch.view_as_complex(part.grad) if number.is_complex() else part.grad
        for optimizer in both:
            optimizer.step()
    for number, part in zip(numbers, parts, strict=True):
        found = torch.view_as_real(number.detach()) if number.is_complex() else number.detach()
        torch.testing.assert_close(found, part.detach())


def test_muon_says_that_it_orthogonalises_real_weights():
    with pytest.raises(TypeError, match="muon orthogonalises real weights, and the model has complex ones"):
        make("muon", complex_and_real()[0], lr=0.1)


@pytest.mark.parametrize("line_search", [False, True])
def test_sso_moves_complex_weights_as_their_parts(line_search):
    numbers, parts = complex_and_real()
    slopes = torch.randn(5, 3, 4, 2, generator=torch.Generator().manual_seed(5))
    ends = []
    for net, weight in ((numbers, lambda: torch.view_as_real(numbers[0])), (parts, lambda: parts[0])):
        optimizer = SSO(torch.optim.SGD(net.parameters(), lr=4.0), steps=3, eta=1.0, line_search=line_search)
        forward = lambda weight=weight: (slopes * weight()).sum((1, 2, 3))
        optimizer.step(forward, lambda outputs: (outputs - 1).square().mean())
        ends.append(weight().detach())
    torch.testing.assert_close(*ends)


def test_sso_says_that_outputs_have_to_be_real():
    weight = nn.Parameter(torch.ones(2, dtype=torch.complex64))
    with pytest.raises(TypeError, match="SSO takes outputs that are real"):
        SSO(torch.optim.SGD([weight], lr=0.1)).step(lambda: weight * 2, lambda outputs: outputs.abs().mean())


SPARSE = {
    "sgd": None,
    "adagrad": None,
    "lookahead": None,
    "sso": None,
    "adamw": (RuntimeError, "does not support sparse gradients"),
    **{name: (TypeError, f"{name} takes no sparse gradients") for name in ("adagrad-norm", "lamb", "lars", "muon")},
    **{name: (TypeError, f"{name} takes no sparse gradients") for name in ("perpgrad", "gradient-noise")},
}


@pytest.mark.parametrize("name", SPARSE)
def test_sparse_gradients_are_taken_or_refused(name):
    words, targets = torch.tensor([1, 2, 2, 5]), torch.tensor([1.0, -1.0, 0.5, 2.0])
    ends = []
    for sparse in (True, False):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = Net(sparse)
        optimizer = of(name, net)
        for _ in range(3):
            if name == "sso":
                optimizer.step(lambda net=net: net(words), lambda outputs: (outputs - targets).square().mean())
                continue
            optimizer.zero_grad()
            (net(words) - targets).square().mean().backward()
            if sparse and SPARSE[name]:
                kind, message = SPARSE[name]
                with pytest.raises(kind, match=message):
                    optimizer.step()
                return
            optimizer.step()
        ends.append(net.state_dict())
    torch.testing.assert_close(*ends)


@each_wrapper
def test_what_evaluates_gradients_again_in_its_step_is_refused(name):
    class Own(torch.optim.SGD):
        def step(self, closure):
            return super().step(closure)

    weight = nn.Parameter(torch.ones(2))
    for optimizer in (torch.optim.LBFGS([weight]), Own([weight], lr=0.1)):
        who = type(optimizer).__name__
        with pytest.raises(TypeError, match=f"{who} evaluates gradients again within its step, by a closure"):
            wrap(name, optimizer)


NUMBERS = {
    **{name: {"lr": 0.5, "weight_decay": 0.25} for name in OPTIMIZERS},
    "sgd": {"lr": 0.5, "weight_decay": 0.25, "momentum": 0.5, "nesterov": True},
    "adamw": {"lr": 0.5, "weight_decay": 0.25, "betas": (0.5, 0.75), "eps": 0.125, "fused": False},
    "adagrad": {"lr": 0.5, "weight_decay": 0.25, "eps": 0.125},
    "adagrad-norm": {"lr": 0.5, "weight_decay": 0.25, "start": 0.5},
    "lamb": {"lr": 0.5, "weight_decay": 0.25, "betas": (0.5, 0.75), "eps": 0.125},
    "lars": {"lr": 0.5, "weight_decay": 0.25, "momentum": 0.5, "nesterov": False, "trust": 0.5},
    "muon": {
        "lr": 0.5,
        "weight_decay": 0.25,
        "momentum": 0.5,
        "nesterov": True,
        "newton_schulz_steps": 3,
        "adamw_lr": 0.5,
        "adamw_weight_decay": 0.25,
        "adamw_betas": (0.5, 0.75),
        "adamw_eps": 0.125,
    },
    "perpgrad": {"dimensions": 2},
    "lookahead": {"k": 2, "alpha": 0.5},
    "gradient-noise": {"eta": 0.5, "gamma": 0.25},
    "sso": {"steps": 2, "eta": 0.5, "line_search": False},
}


def numpys(value):
    if isinstance(value, tuple):
        return tuple(numpys(part) for part in value)
    return {bool: np.bool_, int: np.int64, float: np.float32}[type(value)](value)


@pytest.mark.parametrize("name", NUMBERS)
def test_numpys_numbers_are_as_good_as_pythons(name):
    net = Net()
    plain = of(name, net, **NUMBERS[name])
    given = of(name, net, **{option: numpys(value) for option, value in NUMBERS[name].items()})
    assert repr(given) == repr(plain)
    for group in given.state_dict()["param_groups"]:
        json.dumps({key: value for key, value in group.items() if not isinstance(value, torch.Tensor)})
        assert all(type(value).__module__ != "numpy" for value in group.values())  # float64 is a float to json


@pytest.mark.parametrize("name", NUMBERS)
def test_a_tensor_in_place_of_a_number_is_refused(name):
    for option, value in NUMBERS[name].items():
        if isinstance(value, float):
            message = rf"{option} must be a plain number, not a tensor: give float\({option}\)"
            with pytest.raises(TypeError, match=message):
                of(name, Net(), **{**NUMBERS[name], option: torch.tensor(value)})


@each_optimizer
def test_a_rate_that_becomes_a_tensor_is_followed(name):
    """Compiled training keeps the rate in a tensor, and changes that."""
    words, ends = torch.tensor([1, 2, 5]), []
    for as_tensor in (True, False):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = Net()
        optimizer = make(name, net, lr=0.1)
        for group in optimizer.param_groups:
            group["lr"] = torch.tensor(group["lr"], dtype=torch.float64) if as_tensor else group["lr"]
        for step in range(3):
            for group in optimizer.param_groups:
                if as_tensor:
                    group["lr"].fill_(0.1 / (1 + step))
                else:
                    group["lr"] = 0.1 / (1 + step)
            optimizer.zero_grad()
            net(words).square().sum().backward()
            optimizer.step()
        ends.append(net.state_dict())
    torch.testing.assert_close(*ends)
