"""Small nets, and what their outputs are with channels zeroed instead of removed."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from sooner.random import generator, isolated


def seeded(make, *args, **options):
    with isolated(0, "net"):
        return make(*args, **options)


def images(n=6, channels=3, size=8):
    return torch.randn(n, channels, size, size, generator=generator(0, "images"))


class Small(nn.Module):
    """Two convolutions of 1x1 pixels with batch norm, 2x2 images flattened, a linear layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 1)
        self.norm = nn.BatchNorm2d(3)
        self.conv2 = nn.Conv2d(3, 2, 1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.flatten(F.relu(self.conv2(F.relu(self.norm(self.conv1(x)))))))


class Residual(nn.Module):
    """A stem, a block around which the stem's channels pass, a depthwise convolution, a concatenation, a gate."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.conv1 = nn.Conv2d(6, 5, 3, padding=1)
        self.conv2 = nn.Conv2d(5, 6, 3, padding=1)
        self.depthwise = nn.Conv2d(6, 12, 3, padding=1, groups=6)
        self.side = nn.Conv2d(6, 4, 1)
        self.gate = nn.Linear(16, 16)
        self.slope = nn.PReLU(16)
        self.norm = nn.InstanceNorm2d(16)
        self.head = nn.Linear(16 * 4, 3)

    def forward(self, x, scale=None):
        x = F.relu(self.stem(x))
        x = x + self.conv2(F.relu(self.conv1(x)))
        x = torch.cat([self.depthwise(x), self.side(x)], 1)
        x = x * self.gate(x.mean((2, 3))).relu()[:, :, None, None]
        x = F.adaptive_avg_pool2d(self.norm(self.slope(x)), 2)
        return self.head(x.view(x.shape[0], -1))


def kept(groups, share=0.5):
    order = generator(1, "kept")
    return {
        name: torch.randperm(group.channels, generator=order)[: max(1, int(share * group.channels))]
        for name, group in groups.items()
    }


def untaken(model, groups, keep):
    """A copy in which the weights that take the channels to remove are zero."""
    copied = copy.deepcopy(model)
    parameters = dict(copied.named_parameters())
    for part, gone in _gone(groups, keep):
        if part.dim == 1:
            parameters[part.tensor].data[:, gone] = 0
    return copied


def unmade(model, groups, keep):
    """A copy in which all that makes the channels to remove is zero: weights, biases, scales and shifts."""
    copied = copy.deepcopy(model)
    parameters = dict(copied.named_parameters())
    for part, gone in _gone(groups, keep):
        if part.dim == 0 and part.tensor in parameters:
            parameters[part.tensor].data[gone] = 0
    return copied


def _gone(groups, keep):
    for name, group in groups.items():
        removed = torch.ones(group.channels, dtype=torch.bool)
        removed[keep[name]] = False
        for part in group.parts:
            yield part, part.index[removed].flatten()


def train(model, optimizer, inputs, steps=1):
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), torch.arange(len(inputs)) % 2).backward()
        optimizer.step()
