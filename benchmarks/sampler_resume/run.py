"""Kill a run at random places, resume it from its saved state, and compare what follows with the unbroken run.

    python -m benchmarks.sampler_resume.run [--places 100] [--kills 10] [--seed 0]

For every sampling method, 1, 2 and 4 ranks, 0 and 2 loader workers; then with another number of ranks, in child
processes that are killed with SIGKILL, and in two processes of torch.distributed. Writes result.json beside this file;
exits 1 if any stream differs.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from benchmarks._run import beside, save
from benchmarks._sooner import machine
from benchmarks.sampler_resume.processes import in_two_processes, killed
from benchmarks.sampler_resume.training import KILLED_BY, Loaders, Step, Training, contestants

from sooner.training import checkpoint

Place = tuple[int, int]  # (epoch, batches of it that were used)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=100)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        result = {
            # First, while this process has no workers that a child would inherit.
            "killed": {name: killed(name, options.kills, options.seed, folder) for name in KILLED},
            "two_processes": in_two_processes(IN_TWO_PROCESSES, options.places // 4, folder),
            "resumed": resumed(options.places, options.seed, folder),
            "elastic": elastic(options.places, options.seed, folder),
        }
    streams, differing = total(result, "streams"), total(result, "differing")
    result |= {
        "streams": streams,
        "differing": differing,
        "seconds": round(time.perf_counter() - began),
        "machine": machine.describe(torch.device("cpu")),
        "versions": machine.versions(),
    }
    save(beside(__file__), result)
    print(f"{streams} resumed streams compared with unbroken ones, {differing} differ")
    sys.exit(1 if differing else 0)


KILLED = ("grab", "infobatch", "selective-backprop")
IN_TWO_PROCESSES = ("eps-greedy", "infobatch", "kakurenbo", "ucb")


def resumed(places: int, seed: int, folder: Path) -> dict[str, Any]:
    """By method, then ranks and workers: streams compared and how many differ."""
    found: dict[str, Any] = {label: {} for label in contestants()}
    for world, workers in itertools.product((1, 2, 4), (0, 2)):
        loaders, what = Loaders(world, workers), f"{world} ranks, {workers} workers"
        for label, (name, options) in contestants().items():
            unbroken = walk(Training(name, options, Loaders(world, 0)))
            draw = random.Random(f"{seed} {label} {what}")
            differing = []
            for _ in range(places):
                place = draw_place(draw, unbroken)
                before = Training(name, options, loaders)
                steps = walk(before, until=place)
                after = Training(name, options, loaders)
                after.load(saved_and_loaded(before.states(), folder))
                del before
                if steps + walk(after) != unbroken:
                    differing.append(place)
            found[label][what] = {"streams": places, "differing": len(differing), "at": differing}
            print(what, label, len(differing), flush=True)
    return found


def elastic(places: int, seed: int, folder: Path) -> dict[str, Any]:
    """By method: rounds that were begun by 4 ranks and ended by 2, or the other way; what was handed out, sorted."""
    found: dict[str, Any] = {label: {} for label in contestants()}
    for worlds in ((4, 2), (2, 4)):
        loaders, what = [Loaders(world, 0) for world in worlds], f"{worlds[0]} to {worlds[1]} ranks"
        for label, (name, options) in contestants().items():
            unbroken = walk(Training(name, options, Loaders(worlds[0], 0)))
            draw = random.Random(f"{seed} {label} {what}")
            differing = []
            for _ in range(places):
                place = draw_place(draw, unbroken)
                before, after = (Training(name, options, each) for each in loaders)
                steps = walk(before, until=place)
                state = saved_and_loaded(before.states(), folder)[0]  # any rank's will do
                after.load([state] * worlds[1])
                if handed_out(steps + walk(after, rounds=1), place[0]) != handed_out(unbroken, place[0]):
                    differing.append(place)
            found[label][what] = {"streams": places, "differing": len(differing), "at": differing}
            print(what, label, len(differing), flush=True)
    return found


def walk(training: Training, until: Place | None = None, rounds: int | None = None) -> list[Step]:
    """The steps to that place, of so many rounds, or to the end."""
    steps: list[Step] = []
    for each in itertools.islice(training.rounds(), rounds):
        if until is not None and until == (training.samplers[0].epoch, 0):
            break
        for step in each:
            steps.append(step)
            if until is not None and until == (step.epoch, training.used):
                return steps
    return steps


def draw_place(draw: random.Random, unbroken: list[Step]) -> Place:
    """Any place in the first rounds: between two rounds (0 batches used), after any batch, the last one included."""
    epoch = draw.randrange(KILLED_BY)
    return epoch, draw.randint(0, sum(step.epoch == epoch for step in unbroken))


def saved_and_loaded(states: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The ranks' states through one safetensors file, with its JSON."""
    checkpoint.save(folder / "state", {"ranks": states})
    loaded: list[dict[str, Any]] = checkpoint.load(folder / "state")["ranks"]
    return loaded


def handed_out(steps: list[Step], epoch: int) -> list[int]:
    """Every example of a round, over all ranks, sorted."""
    return sorted(number for step in steps if step.epoch == epoch for part in step.drawn for number in part)


def total(found: Any, what: str) -> int:
    """The sum of that count, wherever it stands in `found`."""
    if not isinstance(found, dict):
        return 0
    return sum(value if key == what else total(value, what) for key, value in found.items())


if __name__ == "__main__":
    main()
