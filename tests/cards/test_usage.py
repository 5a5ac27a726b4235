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
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from sooner import Indexed, collate

loader = DataLoader(Indexed(data), batch_size=64, shuffle=True, collate_fn=collate)
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


def test_the_plain_loop_is_the_same_twice() -> None:
    assert torch.equal(trained(PLAIN), trained(PLAIN))
