from torch import nn

from sooner.tasks import models


def test_parameters_by_hand():
    model = models.build("mlp", (1, 8, 8), 10, seed=0)
    assert models.parameters(model) == (64 * 256 + 256) + (256 * 256 + 256) + (256 * 10 + 10)


def test_no_normalisation():
    layers = [type(layer) for layer in models.build("mlp", (30,), 2, seed=0)]
    assert layers == [nn.Flatten, nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
