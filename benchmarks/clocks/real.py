"""Races of known ratio on a machine that is really disturbed: `python -m benchmarks.clocks.real`.

Processes take a core for random stretches, or all cores while one of the lanes runs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

import numpy as np
import torch
from benchmarks._run import beside, save
from benchmarks._sooner import machine
from benchmarks.clocks.clocks import CLOCKS, SHIPPED, Array, outcome, says, seconds, shipped
from benchmarks.clocks.simulate import table

from sooner.racing.machine.reference import timed

PAIRS, LOOKS = 6, 10
_UNIT = 12  # convolutions between looks of the slower lane, some 30 ms
_CPU = torch.device("cpu")


def burn(on: Event, seed: int, steady: bool) -> None:
    """Take a core while `on` is set: for random stretches of up to 0.6 s, or all the time."""
    rng = np.random.default_rng(seed)
    while True:
        on.wait()
        until = time.monotonic() + (0.05 if steady else rng.uniform(0.05, 0.6))
        while time.monotonic() < until:
            sum(range(2000))
        if not steady:
            time.sleep(rng.uniform(0.05, 0.9))


@contextmanager
def burners(count: int, steady: bool) -> Iterator[Event]:
    """Processes that disturb while the event is set; they end with the block."""
    context = multiprocessing.get_context("spawn")
    on = context.Event()
    made = [context.Process(target=burn, args=(on, seed, steady), daemon=True) for seed in range(count)]
    for process in made:
        process.start()
    try:
        yield on
    finally:
        for process in made:
            process.terminate()
            process.join()


def one_run(units: int) -> tuple[list[float], list[float]]:
    """Train nothing for `units` of the same work a stretch: seconds of each stretch, and the reference at each look."""
    images, weights = torch.full((16, 16, 28, 28), 0.5), torch.full((16, 16, 3, 3), 0.01)
    stretches, references = [], [timed(_CPU)]
    for _ in range(LOOKS):
        began = time.perf_counter()
        for _ in range(units):
            torch.nn.functional.conv2d(images, weights, padding=1)
        stretches.append(time.perf_counter() - began)
        references.append(timed(_CPU))
    return stretches, references


def one_race(ratio: float, on: Event, alone: bool, rng: np.random.Generator) -> tuple[Array, Array]:
    """Stretches and references of PAIRS runs of the lane, then of the other one, which is `ratio` times slower."""
    runs: dict[tuple[int, int], tuple[list[float], list[float]]] = {}
    for pair in range(PAIRS):
        for lane in rng.permutation(2):
            on.set() if lane == 1 or not alone else on.clear()
            runs[int(lane), pair] = one_run(round(_UNIT * (ratio if lane else 1)))
    order = [runs[lane, pair] for lane in range(2) for pair in range(PAIRS)]
    return np.array([each for each, _ in order]), np.array([each for _, each in order])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--races", type=int, default=20)
    races = parser.parse_args().races
    torch.set_num_threads(1)
    cores = machine.physical_cores()
    settings = {
        "bursts on every core, alike": (1.0, False),
        "bursts on every core, truly 1.25x": (1.25, False),
        "load while the other lane runs, alike": (1.0, True),
    }
    result: dict[str, Any] = {}
    for name, (ratio, alone) in settings.items():
        rng = np.random.default_rng(0)
        counts = {clock: Counter[str]() for clock in (*CLOCKS, SHIPPED)}
        with burners(cores, steady=alone) as on:
            for _ in range(races):
                stretches, references = one_race(ratio, on, alone, rng)
                for clock in CLOCKS:
                    taken = seconds(clock, stretches, references)
                    finding = says(taken[:PAIRS], taken[PAIRS:])
                    counts[clock][outcome(finding, ratio)] += 1
                    if clock == "wall":
                        counts[SHIPPED][outcome(shipped(finding, taken[:PAIRS], taken[PAIRS:], references), ratio)] += 1
        found = {clock: {what: counts[clock][what] / races for what in ("wrong", "right")} for clock in counts}
        result[name] = {"ratio": ratio, "races": races, **found}
    save(beside(__file__, "real.json"), result)
    print(table(result))


if __name__ == "__main__":
    main()
