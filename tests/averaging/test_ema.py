"""EMA against its formula by hand, and against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sooner.averaging import EMA


def scalar() -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    return layer


def walk(average: EMA, layer: nn.Linear, *weights: float) -> list[float]:
    """The mean after each of the weights."""
    means = []
    for weight in weights:
        with torch.no_grad():
            layer.weight.fill_(weight)
        average.step(0.5)
        with average.applied():
            means.append(layer.weight.item())
        assert layer.weight.item() == weight
    return means


def test_the_mean_is_that_of_the_formula() -> None:
    layer = scalar()
    # 2; 0.75 * 2 + 0.25 * 4 = 2.5; 0.75 * 2.5 + 0.25 * 8 = 3.875
    assert walk(EMA(layer, decay=0.75, warmup=False), layer, 2.0, 4.0, 8.0) == [2.0, 2.5, 3.875]


def test_the_decay_rises_to_its_value() -> None:
    layer = scalar()
    # The decays of the second and third time: 2/11 and 3/12.
    second = 2 / 11 * 2 + 9 / 11 * 4
    third = 0.25 * second + 0.75 * 8
    assert walk(EMA(layer, decay=0.9), layer, 2.0, 4.0, 8.0) == pytest.approx([2.0, second, third])


def test_it_takes_every_so_many_steps() -> None:
    layer = scalar()
    assert walk(EMA(layer, decay=0.5, warmup=False, every=2), layer, 2.0, 4.0, 8.0, 16.0) == [2.0, 4.0, 4.0, 10.0]


def test_it_is_torchs_own() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    ours = EMA(model, decay=0.9, warmup=False)
    theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        model(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()
        ours.step(0.0)
        theirs.update_parameters(model)
    inputs = torch.randn(5, 4)
    with ours.applied():
        torch.testing.assert_close(model.eval()(inputs), theirs.eval()(inputs))


def test_decays_out_of_range_are_refused() -> None:
    for decay in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="decay must be at least 0 and below 1"):
            EMA(scalar(), decay=decay)
    with pytest.raises(ValueError, match="every must be at least 1"):
        EMA(scalar(), every=0)
