"""The loops on the cards: each runs as it stands, and trains otherwise than the same loop without the method."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

from sooner import registry
from sooner.cards.usage import loop
from sooner.registry import Method
from tests.contract.plain import CLASSES, IMAGES, MEAN, STD, TARGETS, Normalised

N, EPOCHS = 200, 3
PLAIN = """
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from sooner import Indexed, collate

order = torch.Generator().manual_seed(0)
loader = DataLoader(Indexed(data), batch_size=64, shuffle=True, collate_fn=collate, generator=order)
for epoch in range(epochs):
    for batch in loader:
        losses = cross_entropy(model(batch.inputs), batch.targets, reduction="none")
        (losses * batch.weight).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
"""


def each_loss(outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
    return F.cross_entropy(outputs, targets, reduction="none")


def weights_of(model: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten().clone() for parameter in model.parameters()])


def trained(code: str, method: Method | None = None, unit: bool = False) -> Tensor:
    """The weights that the code leaves, run among the names that a user's script has."""
    before = torch.get_rng_state()
    torch.manual_seed(0)
    model: nn.Module = Normalised()
    inputs = IMAGES[:N] if unit else (IMAGES[:N] - MEAN) / STD
    names: dict[str, Any] = {
        "data": TensorDataset(inputs, TARGETS[:N]),
        "targets": TARGETS[:N],
        "classes": CLASSES,
        "scores": torch.arange(1.0, N + 1),
        "inputs": inputs[:2],
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.05),
        "loss": each_loss,
        "epochs": EPOCHS,
    }
    if method is not None:
        names |= {name: value for name, value in method.example.items() if isinstance(value, Tensor)}
    torch.manual_seed(1)  # the order of the plain loader
    evaluated: list[Tensor] = []
    names["evaluate"] = lambda model: evaluated.append(weights_of(model))
    exec(code, names)
    torch.set_rng_state(before)
    return evaluated[-1] if evaluated else weights_of(names["model"])


@pytest.mark.parametrize("method", registry.methods(), ids=lambda method: f"{method.seam}/{method.name}")
def test_the_loop_on_a_card_runs_and_the_method_acts_in_it(method: Method) -> None:
    unit = bool(getattr(method.make, "unit_range", False))
    weights = trained("\n".join(loop(method)), method, unit)
    assert weights.isfinite().all()
    plain = trained(PLAIN, unit=unit)
    same = weights.shape == plain.shape and torch.equal(weights, plain)
    assert same == (method.name == "cross-entropy")  # which the plain loop has already


def test_what_a_card_sets_is_what_has_no_default() -> None:
    """A test's small options in place of the published ones would make another method of it."""
    for name, made in {
        "importance": "ImportanceSampling(len(data), batch_size=64)",
        "ies": "IES(len(data), batch_size=64)",
        "seta": "SeTa(len(data), batch_size=64)",
        "ucb": "UCB(len(data), batch_size=64, fraction=0.5)",
    }.items():
        assert f"sampler = {made}" in loop(registry.get("sampling", name))
    assert "batching = AdAdaGrad(batch_size=64)" in loop(registry.get("batching", "adadagrad"))


@pytest.mark.parametrize("name", ["ccl", "pacing"])
def test_a_curriculum_on_a_card_has_the_scores_that_make_it_one(name: str) -> None:
    code = "\n".join(loop(registry.get("sampling", name)))
    even = code.replace("scores=scores", "scores=None")
    assert not torch.equal(trained(code), trained(even))


@pytest.mark.parametrize("name", ["selective-backprop", "progressive-dropout", "kakurenbo"])
def test_a_batch_of_which_one_example_is_left_does_not_stop_the_loop(name: str) -> None:
    method = registry.get("sampling", name)
    code = "\n".join(loop(method)).replace("batch_size=64", "batch_size=8").replace("epochs)", "4 * epochs)")
    flat = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, CLASSES))
    screen = method.make.screen

    def one(self: Any, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        _, weight = screen(self, index, losses)
        return torch.arange(len(index)) == 0, weight

    names = {"data": TensorDataset(IMAGES[:N], TARGETS[:N]), "model": flat, "epochs": 2}
    names["optimizer"] = torch.optim.SGD(flat.parameters(), lr=0.05)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(method.make, "screen", one)
        exec(code, names)
    assert weights_of(flat).isfinite().all()


def test_what_is_frozen_has_no_gradient_to_show_grab() -> None:
    model = Normalised()
    model.head.weight.requires_grad_(False)
    names = {"data": TensorDataset(IMAGES[:N], TARGETS[:N]), "model": model, "epochs": 2}
    names["optimizer"] = torch.optim.SGD(model.parameters(), lr=0.05)
    exec("\n".join(loop(registry.get("sampling", "grab"))), names)
    assert weights_of(model).isfinite().all()


def test_the_plain_loop_is_the_same_twice() -> None:
    assert torch.equal(trained(PLAIN), trained(PLAIN))
