"""What each sampler that looks at losses adds to a training step, with its score store, beside a ResNet-20 step.

    python -m benchmarks.sampler_overhead.measure [--n 1000000] [--batch 128] [--steps 3000] [--threads 1]

Per step a sampler hands out a batch, is asked for its weights, screens the batch where it does that (without the
forward pass, which is the method's own cost), and observes the losses. Times are of the second round, in which there
are scores to look at; what a round costs when it begins is measured apart, and spread over the round's steps in
"total". The step it is held against is one of resnet20 on 32x32 images, forward, backward and SGD, in the same run.
Writes result.json.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from benchmarks._run import beside, save
from benchmarks._sooner import machine
from torch.nn import functional as F

from sooner import optim
from sooner.random import generator
from sooner.registry import Method, methods
from sooner.sampling import Sampler, Scored, Screening, make
from sooner.tasks import models

PLAIN = ("reshuffle", "dynamic-random")  # look at nothing: what the order alone costs


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    step = resnet20_step(options.batch)
    found = {method.name: measure(method, options.n, options.batch, options.steps) for method in chosen()}
    worst = max(cost["total_us"] for cost in found.values()) / (1000 * step)
    result = {
        "n": options.n,
        "batch": options.batch,
        "threads": options.threads,
        "resnet20_step_ms": round(step, 1),
        "samplers": {
            name: {**cost, "share_of_step": round(cost["total_us"] / (1000 * step), 6)} for name, cost in found.items()
        },
        "worst_share_of_step": round(worst, 6),
        "machine": machine.describe(torch.device("cpu")),
        "versions": machine.versions(),
    }
    save(beside(__file__), result)
    print(f"at most {worst:.3%} of a step")


def chosen() -> list[Method]:
    """The methods that look at losses, and two that do not."""
    known = methods(seam="sampling")
    return [method for method in known if issubclass(method.make, Scored | Screening) or method.name in PLAIN]


def measure(method: Method, n: int, batch: int, steps: int) -> dict[str, float]:
    sampler = make(method.name, n, batch, **method.example)
    draw = generator(0, "losses")
    losses = torch.rand(n, generator=draw)
    for index in sampler:  # the first round, so that every example has a score
        sampler.observe(index, losses[index])
    began = time.perf_counter()
    iteration = iter(sampler)
    next(iteration)
    start = time.perf_counter() - began
    rounds = len(sampler)
    use, spent = used(sampler), []
    for _ in range(min(steps, rounds - 2)):
        found = torch.rand(batch, generator=draw)
        began = time.perf_counter()
        use(next(iteration), found)
        spent.append(time.perf_counter() - began)
    mean = statistics.fmean(spent)
    return {
        "median_us": round(1e6 * statistics.median(spent), 1),
        "mean_us": round(1e6 * mean, 1),
        "round_start_ms": round(1e3 * start, 1),
        "total_us": round(1e6 * (mean + start / rounds), 1),
    }


def used(sampler: Sampler) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """What a training loop asks of the sampler in a step."""

    def plain(index: torch.Tensor, losses: torch.Tensor) -> None:
        sampler.weight(index)
        sampler.observe(index, losses[: len(index)])

    def screening(index: torch.Tensor, losses: torch.Tensor) -> None:
        assert isinstance(sampler, Screening)
        if sampler.screens(index):
            sampler.screen(index, losses[: len(index)])
        plain(index, losses)

    return screening if isinstance(sampler, Screening) else plain


def resnet20_step(batch: int, steps: int = 15) -> float:
    """Milliseconds of a training step, the median."""
    model = models.build("resnet20", (3, 32, 32), 10, seed=0).train()
    optimizer = optim.make("sgd", model, lr=0.1, weight_decay=5e-4)
    inputs, targets = torch.randn(batch, 3, 32, 32, generator=generator(0, "inputs")), torch.arange(batch) % 10
    spent = []
    for _ in range(steps):
        began = time.perf_counter()
        F.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent[3:])


if __name__ == "__main__":
    main()
