"""What a choice is tried out on before any race: the arguments that training gives a method, as small as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sooner.batch import Batch
from sooner.random import isolated

_FEW = 64  # training examples, of two classes


def supplies(parameters: Iterable[str]) -> dict[str, Any]:
    """A fresh small value for each of `parameters` that training gives; the keys are some of `registry.GIVEN`."""
    needed = set(parameters)
    supplied: dict[str, Any] = {name: make() for name, make in _PLAIN.items() if name in needed}
    if needed & {"model", "optimizer"}:
        model = _model()
        supplied |= {"model": model} if "model" in needed else {}
        supplied |= {"optimizer": torch.optim.SGD(model.parameters(), lr=0.1)} if "optimizer" in needed else {}
    return supplied


def _model() -> nn.Module:
    with isolated(0, "tried"):
        features = [nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2)]
        # Wide enough for a density of a thousandth to leave every layer a weight.
        return nn.Sequential(*features, nn.Flatten(), nn.Linear(32, 512), nn.ReLU(), nn.Linear(512, 2))


def _inputs() -> Tensor:
    return torch.arange(8 * 36, dtype=torch.float32).sin().view(8, 1, 6, 6)


def _batch() -> Batch:
    return Batch(_inputs(), torch.arange(8) % 2, torch.arange(8), torch.ones(8))


def _cross_entropy(outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
    return F.cross_entropy(outputs, targets, reduction="none")


_PLAIN: Mapping[str, Callable[[], Any]] = {
    "n": lambda: _FEW,
    "batch_size": lambda: 1,
    "seed": lambda: 0,
    "targets": lambda: torch.arange(_FEW) % 2,
    "classes": lambda: 2,
    "inputs": _inputs,
    "batches": lambda: [_batch()],
    "loss": lambda: _cross_entropy,
}
