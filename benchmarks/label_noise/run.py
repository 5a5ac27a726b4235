"""Which loss withstands wrong labels? Fashion-MNIST with 40% of the training labels wrong, in pairs.

    python -m benchmarks.label_noise.run [--examples 10000] [--epochs 15] [--image-size 28] [--pairs 6]
        [--threads 1] [--augment]

Cross-entropy, label smoothing 0.1, ELR and PS-KD, convnet-16, the task's own optimizer, schedule and batch size. The
runs of a seed share initial weights, order, and which labels are wrong. Each run is appended to result.json as it ends,
and the same command goes on from there; when all are there it prints the tables of the README.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from benchmarks._run import beside, each_once, markdown
from benchmarks._sooner import make_fabric, signed_rank
from torch import Tensor, nn

from sooner import losses, optim, schedules
from sooner.augmentation import make as augmentation
from sooner.budget import Budget
from sooner.random import generator
from sooner.sampling import make as sampler
from sooner.tasks import Data, Examples, get_task, load_data, models
from sooner.training.accuracy import accuracy
from sooner.training.clock import Clock
from sooner.training.loading import Loader, channel_statistics, evaluation_batches
from sooner.training.loop import Loop

TASK = get_task("fashion_mnist")
MODEL = "convnet-16"
NOISE = 0.4
LOOKED_AT = 2000  # test images, after each epoch; all 10,000 at the end
METHODS: dict[str, dict[str, Any]] = {
    "cross-entropy": {"name": "cross-entropy"},
    "label smoothing": {"name": "cross-entropy", "label_smoothing": 0.1},
    "elr": {"name": "elr"},
    "ps-kd": {"name": "ps-kd"},
}
CONTROLS = ("cross-entropy", "label smoothing")
MEASURES = {
    "test": "test accuracy",
    "fell": "fell from its best epoch by",
    "memorised": "wrong labels reproduced",
    "recovered": "true labels predicted there",
}

Run = dict[str, Any]


def wrong_labels(targets: Tensor, classes: int, seed: int) -> Tensor:
    """`targets` with exactly 40% of them, drawn at random, each moved to one of the other classes, all as likely."""
    draw = generator(seed, "label noise")
    moved = torch.randperm(len(targets), generator=draw)[: round(NOISE * len(targets))]
    labels = targets.clone()
    labels[moved] = (targets[moved] + torch.randint(1, classes, moved.shape, generator=draw)) % classes
    return labels


def relabelled(examples: Examples, labels: Tensor) -> Examples:
    same = examples.subset(torch.arange(len(examples)))
    same.targets = labels
    return same


@torch.inference_mode()
def predictions(model: nn.Module, batches: Any) -> Tensor:
    model.eval()
    return torch.cat([model(batch.inputs).argmax(1) for batch in batches])


def run(method: str, seed: int, data: Data, epochs: int, augment: bool) -> Run:
    train, classes, recipe = data.train, len(data.classes), TASK.recipe
    few = data.test.subset(torch.arange(LOOKED_AT))
    labels = wrong_labels(train.targets, classes, seed)
    statistics = dict(zip(("mean", "std"), channel_statistics(train), strict=True))
    model = models.build(MODEL, data.shape, classes, seed=seed)
    options = dict(METHODS[method])
    loader = Loader(
        relabelled(train, labels),
        sampler("reshuffle", len(train), recipe["batch_size"], seed=seed),
        augment=[augmentation(**each) for each in recipe["augmentation"]] if augment else [],
        seed=seed,
        **statistics,
    )
    loop = Loop(
        model=model,
        loader=loader,
        optimizer=optim.make(model=model, **recipe["optimizer"]),
        schedule=schedules.make(**recipe["schedule"]),
        budget=Budget(epochs, "ep"),
        loss=losses.make(n=len(train), classes=classes, **options),
        evaluate=lambda module: accuracy(module, evaluation_batches(few, 1000, **statistics)),
        every=len(train),
        fabric=make_fabric("float32", torch.device("cpu")),
        clock=Clock(),
    )
    began = time.perf_counter()
    loop.run()
    found = predictions(loop.model, evaluation_batches(train, 1000, **statistics))
    wrong = labels != train.targets
    curve = [look.metric for look in loop.looks]
    return {
        "method": method,
        "seed": seed,
        "curve": curve,  # before training and after each epoch
        "fell": max(curve) - curve[-1],
        "test": accuracy(loop.model, evaluation_batches(data.test, 1000, **statistics)),
        "memorised": float((found == labels)[wrong].float().mean()),
        "recovered": float((found == train.targets)[wrong].float().mean()),
        "fitted": float((found == train.targets)[~wrong].float().mean()),
        "failure": loop.failure,
        "training_seconds": round(loop.clock.seconds, 1),
        "seconds": round(time.perf_counter() - began, 1),
    }


def tables(runs: list[Run], pairs: int) -> str:
    by = {(each["method"], each["seed"]): each for each in runs}
    shares = [
        [method, *(f"{mean(by[method, seed][key] for seed in range(pairs)):.1%}" for key in MEASURES)]
        for method in METHODS
    ]
    found = [markdown(["", *MEASURES.values()], shares)]
    for control in CONTROLS:
        found.append(f"Against {control}, in points (95% CI), {pairs} pairs:")
        rows = [
            [method, *(difference(by, method, control, key, pairs) for key in MEASURES)]
            for method in METHODS
            if method != control
        ]
        found.append(markdown(["", *MEASURES.values()], rows))
    return "\n\n".join(found)


def difference(by: dict[tuple[str, int], Run], method: str, control: str, key: str, pairs: int) -> str:
    points = np.array([100 * (by[method, seed][key] - by[control, seed][key]) for seed in range(pairs)])
    test = signed_rank(points, points)
    points_above = f"{test.estimate_low:+.1f}"
    bold = f"**{points_above}**" if test.p_value <= 0.05 else points_above
    return f"{bold} ({test.low:+.1f} to {test.high:+.1f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--image-size", type=int, default=28, help="pixels along a side; 14 take a quarter of the time")
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--augment", action="store_true", help="flip and translate, as the task does")
    parser.add_argument("--out", type=Path, default=beside(__file__))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    settings = {key: getattr(options, key) for key in ("examples", "epochs", "image_size", "augment")}
    settings |= {"noise": NOISE, "model": MODEL, "methods": METHODS}
    result = json.loads(options.out.read_text()) if options.out.exists() else {"settings": settings, "runs": []}
    if result["settings"] != settings:
        parser.error(f"{options.out} holds runs of other settings, {result['settings']}; name another file with --out")
    data = load_data(TASK.data, examples=options.examples, image_size=options.image_size)
    names = list(METHODS)
    # None is always first.
    turns = {seed: names[seed % len(names) :] + names[: seed % len(names)] for seed in range(options.pairs)}

    def make(key: tuple[str, int]) -> Run:
        method, seed = key
        found = run(method, seed, data, options.epochs, options.augment)
        print(
            f"pair {seed + 1}, {method}: test {found['test']:.1%}, fell {found['fell']:.1%}, "
            f"memorised {found['memorised']:.1%}, recovered {found['recovered']:.1%}, {found['seconds']} s",
            flush=True,
        )
        return {**found, "threads": options.threads, "torch": torch.__version__}

    wanted = [(method, seed) for seed, methods in turns.items() for method in methods]
    runs = each_once(options.out, result, wanted, lambda each: (each["method"], each["seed"]), make)
    print(tables(runs, options.pairs))


if __name__ == "__main__":
    main()
