import pytest
import torch

from sooner.structure import ChannelPruning, Crop, make
from tests.structure.nets import Small, seeded

PIXELS = torch.zeros(2, 1, 2, 2)


def test_methods_by_name():
    model = seeded(Small)
    assert isinstance(make("precropping", model, PIXELS, density=0.5, rule="uniform"), Crop)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    pruning = make("channel-pruning", model, PIXELS, optimizer=optimizer, channels=0.5)
    assert isinstance(pruning, ChannelPruning)
    assert pruning.optimizer is optimizer


def test_what_does_not_fit():
    model = seeded(Small)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyError, match="no structure method is named 'oto'; there are: channel-pruning, precropping"):
        make("oto", model, PIXELS)
    with pytest.raises(TypeError, match="channel-pruning acts during training: give it the optimizer"):
        make("channel-pruning", model, PIXELS, channels=0.5)
    with pytest.raises(TypeError, match="precropping acts before training: make the optimizer afterwards"):
        make("precropping", model, PIXELS, optimizer=optimizer, density=0.5)
    with pytest.raises(TypeError, match="precropping needs the option density; its options are: density, rule"):
        make("precropping", model, PIXELS)
