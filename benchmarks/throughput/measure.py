"""The training loop's pace beside the same training written by hand, in one process, alternating.

    python -m benchmarks.throughput.measure [--rounds 12] [--steps 20] [--threads 2]

Both train convnet-16 on CIFAR-10 in memory (45,000 images, batch 512, flip and translation, bf16 autocast where it is
faster here). The hand-written side indexes, augments and normalises with the same three functions, so what is
compared is the loop: schedule, budget, index, weights, loss bookkeeping and Fabric. Writes result.json.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import suppress

import torch
from benchmarks._run import beside, save
from benchmarks._sooner import choose, machine, make_fabric
from torch.nn import functional as F

from sooner import optim, schedules
from sooner.augmentation import make as augmentation
from sooner.budget import Budget
from sooner.losses import CrossEntropy
from sooner.racing.machine.cores import usable_cores
from sooner.random import generator
from sooner.sampling import make as sampler
from sooner.tasks import load_data, models
from sooner.training.clock import Clock
from sooner.training.evaluation import Stopped
from sooner.training.loading import Loader, channel_statistics
from sooner.training.loop import Loop

BATCH = 512


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=usable_cores())
    options = parser.parse_args()
    device = machine.pick_device()
    torch.set_num_threads(options.threads)
    data = load_data("cifar10")
    train = data.train.subset(torch.arange(45_000)).to(device)
    mean, std = channel_statistics(train)
    precision = choose(models.build("convnet-16", data.shape, 10, seed=0), data.shape, BATCH, device)
    augment = [augmentation("flip"), augmentation("translate", pixels=2)]

    def make_model() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
        model = models.build("convnet-16", data.shape, 10, seed=0).to(device)
        return model, optim.make("sgd", model, lr=0.1, weight_decay=5e-4)

    def ours() -> Callable[[int], None]:
        model, optimizer = make_model()
        loader = Loader(
            train, sampler("reshuffle", len(train), BATCH), device=device, augment=augment, mean=mean, std=std
        )
        loop = Loop(
            model=model,
            loader=loader,
            optimizer=optimizer,
            schedule=schedules.make("one-cycle", warmup=0.2),
            budget=Budget.parse("1000ep"),
            loss=CrossEntropy(),
            evaluate=lambda module: 0.0,
            every=10**9,
            fabric=make_fabric(precision, device),
            clock=Clock(device),
        )

        def advance(steps: int) -> None:
            until = loop.step + steps

            def stop() -> None:
                if loop.step >= until:
                    raise Stopped

            with suppress(Stopped):
                loop.run(on_step=stop)

        return advance

    def by_hand() -> Callable[[int], None]:
        model, optimizer = make_model()
        schedule = schedules.make("one-cycle", warmup=0.2)
        inputs, targets = train.fetch(torch.arange(len(train)))
        scale = (255 * std).view(1, -1, 1, 1).to(device)
        offset = (255 * mean).view(1, -1, 1, 1).to(device)
        state = {"step": 0, "epoch": 0, "order": torch.empty(0, dtype=torch.int64)}
        model.train()

        def advance(steps: int) -> None:
            for _ in range(steps):
                if len(state["order"]) == 0:
                    state["order"] = torch.randperm(len(train), generator=generator(0, "order", state["epoch"]))
                    state["epoch"] += 1
                index, state["order"] = state["order"][:BATCH], state["order"][BATCH:]
                index = index.to(device)
                images = inputs[index].float().sub_(offset).div_(scale)
                images = images.contiguous(memory_format=torch.channels_last)
                draw = generator(0, "augment", state["step"])
                for change in augment:
                    images = change(images, 0.0, draw)
                for group in optimizer.param_groups:
                    group["lr"] = 0.1 * schedule(state["step"] / 88_000)
                with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
                    outputs = model(images)
                loss = F.cross_entropy(outputs.float(), targets[index])
                loss.backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                state["step"] += 1

        return advance

    sides = {"loop": ours(), "by hand": by_hand()}
    paces: dict[str, list[float]] = {name: [] for name in sides}
    for name in sides:
        sides[name](5)  # warm up
    for turn in range(options.rounds):
        for name in sorted(sides, reverse=bool(turn % 2)):
            began = time.perf_counter()
            sides[name](options.steps)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            paces[name].append(options.steps * BATCH / (time.perf_counter() - began))
    ratios = [a / b for a, b in zip(paces["loop"], paces["by hand"], strict=True)]
    result = {
        "examples_per_second": {name: round(statistics.median(pace)) for name, pace in paces.items()},
        "ratio_median": round(statistics.median(ratios), 4),
        "ratios": [round(ratio, 3) for ratio in sorted(ratios)],
        "precision": precision,
        "machine": machine.describe(device),
        "versions": machine.versions(),
    }
    save(beside(__file__), result)


if __name__ == "__main__":
    main()
