"""Small nets, data, loops and methods that the tests of sparsity share."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import sooner
from sooner.random import generator, isolated
from sooner.registry import methods
from sooner.sparsity import make

METHODS = methods(seam="sparsity")
GROWING = ["rigl", "granet", "dst-ee"]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)


def sparse(method, model, optimizer, **options):
    """The method's small working instance on `model`."""
    return make(method.name, model, optimizer, batches=batches(), loss=loss_of, **{**method.example, **options})


def mlp(seed=0, sizes=(6, 8, 8, 3)):
    """Linear layers "0", "2", "4" with ReLU between them."""
    with isolated(seed, "net"):
        layers = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    parts = [part for layer in layers for part in (layer, nn.ReLU())]
    return nn.Sequential(*parts[:-1])


def convnet(seed=0):
    """Convolutions "0" and "3" with batch norm, a linear layer "8"; images (B, 1, 6, 6), 3 classes."""
    with isolated(seed, "net"):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Conv2d(4, 6, 3, padding=1, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(24, 3),
        )


def loss_of(outputs, targets, index):
    return cross_entropy(outputs, targets, reduction="none")


def batches(number=4, size=16, shape=(6,), classes=3, seed=0):
    """Batches that can be learnt: the class is where a part of the first inputs is largest."""
    draw = generator(seed, "data")
    made = []
    for k in range(number):
        inputs = torch.randn(size, *shape, generator=draw)
        targets = inputs.flatten(1)[:, :classes].argmax(1)
        made.append(sooner.Batch(inputs, targets, torch.arange(size) + k * size, torch.ones(size)))
    return made


def train(model, optimizer, sparsity, steps, start=0, total=None, shape=(6,), after=lambda step: None):
    """A plain loop from step `start` on."""
    data = batches(8, shape=shape)
    for step in range(start, start + steps):
        batch = data[step % len(data)]
        loss_of(model(batch.inputs), batch.targets, batch.index).mean().backward()
        optimizer.step()
        sparsity.step((step + 1) / (total or start + steps))
        optimizer.zero_grad()
        after(step)


def with_weights(*rows):
    """Linear layers without bias, in a row, with these matrices."""
    layers = []
    for row in rows:
        matrix = torch.tensor(row, dtype=torch.float32)
        layer = nn.Linear(matrix.shape[1], matrix.shape[0], bias=False)
        layer.weight.data = matrix
        layers.append(layer)
    return nn.Sequential(*layers)


def sgd(model, lr=0.1, **options):
    return torch.optim.SGD(model.parameters(), lr=lr, **options)
