"""SWA against its formula by hand, torch's own, and what batch norm needs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, update_bn

from sooner.averaging import SWA
from sooner.batch import Batch


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def batches(count: int = 4, size: int = 16) -> list[Batch]:
    generator = torch.Generator().manual_seed(1)
    return [
        Batch(torch.randn(size, 4, generator=generator) + 1, torch.zeros(size), torch.arange(size), torch.ones(size))
        for _ in range(count)
    ]


def train(model: nn.Module, steps: int, average: SWA, then: AveragedModel | None = None) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        model(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()
        before = average.taken
        average.step(step / steps)
        if then is not None and average.taken > before:
            then.update_parameters(model)


def test_the_points_lie_evenly_after_the_start_and_the_last_at_the_end() -> None:
    layer = nn.Linear(1, 1, bias=False)
    average = SWA(layer, start=0.5, points=2)
    means = []
    for step in range(1, 9):
        with torch.no_grad():
            layer.weight.fill_(float(step))
        average.step(step / 8)
        with average.applied():
            means.append(layer.weight.item())
    # Points at 0.75 and 1.0, steps 6 and 8; before them the weights themselves.
    assert means == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 7.0]


def test_it_is_torchs_own_with_the_statistics_estimated_anew() -> None:
    model, data = net(), batches()
    ours = SWA(model, batches=data, start=0.5, points=5, statistics=64)
    theirs = AveragedModel(model)
    train(model, 20, ours, theirs)
    update_bn([batch.inputs for batch in data], theirs)
    inputs = torch.randn(5, 4)
    own = model.eval()(inputs)
    with ours.applied():
        torch.testing.assert_close(model(inputs), theirs.eval()(inputs))
        assert not torch.allclose(model(inputs), own)
    assert torch.equal(model(inputs), own)
    assert int(model[1].num_batches_tracked) == 20  # the model's own count, as training left it


def test_the_statistics_are_of_so_many_examples_and_estimated_once_for_each_mean() -> None:
    model, seen = net(), []

    class Counted:
        def __iter__(self) -> Any:
            for batch in batches():
                seen.append(len(batch))
                yield batch

    average = SWA(model, batches=Counted(), start=0.0, points=1, statistics=20)
    train(model, 4, average)
    for _ in range(3):
        with average.applied():
            pass
    assert seen == [16, 16]


def test_without_batches_the_statistics_are_averaged() -> None:
    model = net()
    average = SWA(model, start=0.0, points=2)
    kept = []
    for step in (1, 2):
        with torch.no_grad():
            model[1].running_mean.fill_(float(step))
        average.step(step / 2)
        kept.append(model[1].running_mean.clone())
    with average.applied():
        assert torch.equal(model[1].running_mean, (kept[0] + kept[1]) / 2)


def test_it_goes_on_from_its_state() -> None:
    model = net()
    average = SWA(model, start=0.0, points=8)
    train(model, 8, average)
    again = SWA(model, start=0.0, points=8)
    again.load_state_dict(average.state_dict())
    found = []
    for each in (average, again):
        with each.applied():
            found.append(torch.cat([parameter.flatten() for parameter in model.parameters()]))
    assert torch.equal(*found)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"start": 1.0}, "start must be"), ({"points": 0}, "points must be"), ({"statistics": 0}, "statistics must be")],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SWA(net(), **options)
