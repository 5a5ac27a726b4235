"""What does each method add to a training step? Processor time per step with it against the bare loop, in turns.

    python -m benchmarks.overhead.measure [--turns 9] [--steps 4] [--size 14]

convnet-16 on grey images, batches of 128, one thread. Each turn takes a few steps of the bare loop and as many with the
method, on the same images; the figure is the median over the turns of the difference. What a method does before the
first step is told apart. Methods that act every so many steps do so every 10 here, within the turns; those that
change the size of the inputs, the batch or the model are measured as they begin. Writes result.json and prints the
table of the README. Some three minutes on one quiet core.
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import suppress
from typing import Any

import torch
from benchmarks._files import rounded
from benchmarks._run import beside, save
from benchmarks._sooner import Site, assemble

from sooner.random import generator
from sooner.recipes import Recipe
from sooner.registry import Method, methods
from sooner.seams import seam
from sooner.tasks.examples import InMemory
from sooner.training.clock import Clock
from sooner.training.evaluation import Stopped
from sooner.training.loop import Loop

N = 12_800
BASE: dict[str, Any] = {
    "name": "overhead",
    "model": "convnet-16",
    "budget": "100ep",
    "batch_size": 128,
    "optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.9},
    "schedule": "constant",
    "precision": "float32",
}
# Settings that a real run would have, where the record's small example has others.
OPTIONS: dict[str, dict[str, Any]] = {
    "adadagrad": {"every": 10, "micro_batches": 4, "largest": 128},
    "channel-pruning": {"channels": 0.999, "every": 10},
    "progressive-resizing": {"start": 1.0},
    **{name: {"density": 0.1, "every": 10} for name in ("set", "rigl", "granet", "dst-ee", "magnitude-gradual")},
}


def recipe(method: Method | None) -> Recipe:
    fields = dict(BASE)
    if method is not None:
        chosen_by = seam(method.seam).field_of(method.many)
        field, listed = chosen_by.name, chosen_by.listed
        chosen = {"name": method.name, **method.example, **OPTIONS.get(method.name, {})}
        fields[field] = [chosen] if listed else chosen
    return Recipe(**fields)


class Stepper:
    """A loop that takes a few steps at a time."""

    def __init__(self, method: Method | None, site: Site) -> None:
        began = time.process_time()
        self.loop: Loop = assemble(recipe(method), site, 0, evaluate=lambda module: 0.0, every=10**9, clock=Clock())
        self.before = time.process_time() - began

    def seconds(self, steps: int) -> float:
        """Processor time per step over the next `steps`."""
        end = self.loop.step + steps

        def stop() -> None:
            if self.loop.step >= end:
                raise Stopped

        began = time.process_time()
        with suppress(Stopped):
            self.loop.run(on_step=stop)
        return (time.process_time() - began) / steps


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--size", type=int, default=14)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    draw = generator(0, "overhead")
    images = torch.randint(0, 256, (N, 1, asked.size, asked.size), generator=draw, dtype=torch.uint8)
    site = Site(InMemory(images, torch.arange(N) % 10), 10, torch.device("cpu"))
    found: dict[str, dict[str, float]] = {}
    bare = Stepper(None, site)
    bare.seconds(asked.steps)
    for method in methods():
        loop = Stepper(method, site)
        loop.seconds(asked.steps)
        turns = [(bare.seconds(asked.steps), loop.seconds(asked.steps)) for _ in range(asked.turns)]
        found[f"{method.seam}/{method.name}"] = {
            "bare_ms": 1e3 * statistics.median(one for one, _ in turns),
            "added_ms": 1e3 * statistics.median(other - one for one, other in turns),
            "ratio": statistics.median(other / one for one, other in turns),
            "before_s": loop.before - bare.before,
        }
        row = found[f"{method.seam}/{method.name}"]
        cells = (
            method.seam,
            method.name,
            f"{row['added_ms']:+.1f} ms",
            f"{row['ratio']:.2f}",
            f"{row['before_s']:.2f} s",
        )
        print(f"| {' | '.join(cells)} |", flush=True)
    result = {"settings": vars(asked), "torch": torch.__version__}
    save(beside(__file__), {**result, "methods": rounded(found, 4)})


if __name__ == "__main__":
    main()
