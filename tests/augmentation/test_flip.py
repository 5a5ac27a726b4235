import torch

from sooner.augmentation import Flip
from sooner.random import generator

IMAGE = torch.tensor([[[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]]])  # (1, 1, 2, 3)
MIRRORED = torch.tensor([[[[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]]])


def test_each_image_is_as_it_was_or_mirrored():
    outputs = Flip()(IMAGE.expand(4000, -1, -1, -1), 0.0, generator(0, "flip"))
    same, mirrored = (outputs == IMAGE).flatten(1).all(1), (outputs == MIRRORED).flatten(1).all(1)
    assert torch.equal(same, ~mirrored)
    assert abs(mirrored.float().mean().item() - 0.5) < 0.04  # five standard deviations


def test_channels_stay_together():
    inputs = torch.rand(50, 3, 4, 5, generator=generator(0, "images"))
    outputs = Flip()(inputs, 0.0, generator(1, "flip"))
    for before, after in zip(inputs, outputs, strict=True):
        assert torch.equal(after, before) or torch.equal(after, before.flip(2))
