"""Time per step on smaller images, and per batch of each augmentation, on one thread.

    python -m benchmarks.efficienttrain.measure

Processor time, the cases in turn, medians: other programs on the machine then hit all alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from benchmarks._run import beside, save
from torch.nn.functional import cross_entropy

from sooner.augmentation import apply, make
from sooner.random import generator
from sooner.tasks import models

AUGMENTATIONS = (
    *("flip", "alternating-flip", "translate", "cutout", "randaugment", "efficienttrain", "progressive-resizing"),
)
TASKS = {"fashion_mnist": (1, 28), "cifar10": (3, 32)}
SIZES = {"fashion_mnist": (20, 24, 28), "cifar10": (22, 24, 28, 32)}


def medians(cases: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of processor time of each case, after two rounds that do not count."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds + 2):
        for name, case in cases.items():
            start = time.process_time()
            case()
            taken[name].append(1e3 * (time.process_time() - start))
    return {name: round(statistics.median(times[2:]), 2) for name, times in taken.items()}


def step(channels: int, size: int, batch: int = 128) -> Callable[[], object]:
    """A training step of convnet-16 on images of that size, in float32."""
    model = models.build("convnet-16", (channels, size, size), 10, seed=0).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    inputs = torch.rand(batch, channels, size, size, generator=generator(0, "images"))
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    targets = torch.arange(batch) % 10

    def once() -> None:
        optimizer.zero_grad()
        cross_entropy(model(inputs), targets).backward()
        optimizer.step()

    return once


def augmented(name: str, channels: int, size: int, batch: int = 512) -> Callable[[], object]:
    """One batch of images in [0, 1] augmented."""
    augmentation, index = make(name), torch.arange(batch)
    inputs = torch.rand(batch, channels, size, size, generator=generator(0, "images"))
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    return lambda: apply(augmentation, inputs, 0.0, generator(0), index=index, epoch=0)


def main() -> None:
    torch.set_num_threads(1)
    result = {}
    for task, (channels, size) in TASKS.items():
        steps = medians({str(small): step(channels, small) for small in SIZES[task]}, rounds=60)
        costs = medians({name: augmented(name, channels, size) for name in AUGMENTATIONS}, rounds=40)
        result[task] = {"step of 128, ms, by size": steps, "augmentation of 512, ms": costs}
    save(beside(__file__, "steps.json"), result)


if __name__ == "__main__":
    main()
