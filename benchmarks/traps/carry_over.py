"""Traps between runs: what one run leaves behind for the next, and runs that are made again until they please."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from benchmarks._sooner import Record
from benchmarks.traps.clocks import EVEN, once, stretches
from benchmarks.traps.machine import Machine, by_hand
from benchmarks.traps.made import Lanes, functions, planned, record, scored
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, Build, Trap, Truth

import sooner

GROUP = "from run to run"
Yields = Iterator[tuple[int, float]]


def next_slower(by: float, *, lanes: int = 6, pairs: int = 12) -> Build:
    """Lanes in the race's own order, of which one makes whatever runs after it slower by that share."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        names = ["plain", *(f"lane{number}" for number in range(1, lanes))]
        for _ in range(races):
            plan = planned(names, target=1.0, pairs=pairs, seed=int(rng.integers(10**6)))
            records: list[Record] = []
            for run in plan.runs:
                follows = bool(records) and records[-1].lane == names[1]
                seconds = 100 * np.exp(0.04 * rng.standard_normal()) * (1 + by * follows)
                records.append(record(run.lane.name, run.seed, [0.0, seconds / 2, seconds], [0.0, 0.5, 1.0]))
            yield said_of(scored(plan, records))

    return build


def _cache(machine: Machine) -> Lanes:
    cached: list[int] = []

    def train(seed: int) -> Yields:
        steps = stretches(machine, [2.0] * 10 if cached else [10.5] * 10)
        cached.append(seed)
        yield from steps(seed)

    return {"plain": stretches(machine, EVEN), "lane": train}


def _process_left_behind(machine: Machine) -> Lanes:
    """Another lane's process computes on for half the time of a run after its own."""
    until = 0.0

    def sharing(train: Callable[[int], Yields]) -> Callable[[int], Yields]:
        def shared(seed: int) -> Yields:
            for look in train(seed):
                machine.slow = 1.6 if machine.now < until else 1.0
                yield look
            machine.slow = 1.0

        return shared

    def leaving(seed: int) -> Yields:
        nonlocal until
        yield from sharing(stretches(machine, EVEN))(seed)
        until = machine.now + 60

    plain = sharing(stretches(machine, EVEN))
    return {"plain": plain, "leaving": leaving, "lane": sharing(stretches(machine, EVEN))}


def _precision_left_behind(machine: Machine) -> Lanes:
    """The lane chooses single precision for itself and leaves double precision behind, with steps twice as long."""

    def train(seed: int) -> Yields:
        double = torch.get_default_dtype() == torch.float64
        yield from stretches(machine, [20.0 if double else 10.0] * 10)(seed)

    def leaving(seed: int) -> Yields:
        torch.set_default_dtype(torch.float32)
        yield from train(seed)
        torch.set_default_dtype(torch.float64)

    return {"plain": train, "lane": leaving}


def _precision(rng: np.random.Generator, races: int) -> Iterator[Said]:
    before = torch.get_default_dtype()
    try:
        yield from once(_precision_left_behind)(rng, races)
    finally:
        torch.set_default_dtype(before)


def _weights_carried_over(machine: Machine) -> Lanes:
    """The lane makes its model once: each run goes on from where the one before it had ended."""
    trained: list[int] = []

    def learning(seed: int, first: float) -> Yields:
        noise = np.random.default_rng([seed, 7]).uniform(0, 0.02, size=11)
        for place in range(11):
            yield 64 * place, min(1.0, first + 0.1 * place + noise[place])
            machine.work(10)

    def lane(seed: int) -> Yields:
        yield from learning(seed, 0.7 if trained else 0.0)
        trained.append(seed)

    return {"plain": lambda seed: learning(seed + 100, 0.0), "lane": lane}


def _computes_on(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """The lane leaves a thread computing, which slows the other lane down and rests while the workload is timed."""
    for _ in range(races):
        over, threads = threading.Event(), []

        def burn(over: threading.Event = over) -> None:
            while not over.is_set():
                pass

        def lanes(machine: Machine, threads: list[threading.Thread] = threads, burn: Any = burn) -> Lanes:
            def plain(seed: int) -> Yields:
                time.sleep(0.05)  # what the thread computes meanwhile is real
                yield from stretches(machine, [15.0 if threads else 10.0] * 10)(seed)

            def lane(seed: int) -> Yields:
                yield from stretches(machine, EVEN)(seed)
                if not threads:
                    threads.append(threading.Thread(target=burn, name="burn", daemon=True))
                    threads[0].start()

            return {"plain": plain, "lane": lane}

        try:
            yield said_of(functions(lanes, pairs=8))
        finally:
            over.set()
            for thread in threads:
                thread.join()


def _started_again(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """A lane that stops the race where a run begins badly; the race is taken up until all runs are there."""
    for _ in range(races):
        with by_hand() as machine, tempfile.TemporaryDirectory() as folder:
            luck = {name: itertools.cycle(rng.permutation([7.5, 9.5, 11.5, 13.5])) for name in ("plain", "lane")}

            def drawn(name: str, luck: dict[str, Iterator[float]] = luck) -> list[float]:
                return [next(luck[name]) * rng.uniform(0.98, 1.02)] * 10

            def plain(seed: int, machine: Machine = machine) -> Yields:
                yield from stretches(machine, drawn("plain"))(seed)

            def lane(seed: int, machine: Machine = machine) -> Yields:
                seconds = drawn("lane")
                for look in stretches(machine, seconds)(seed):
                    if look[0] and seconds[0] > 9:
                        raise KeyboardInterrupt
                    yield look

            lanes: Lanes = {"plain": plain, "lane": lane}
            while True:
                with contextlib.suppress(KeyboardInterrupt):
                    result = sooner.race(lanes, target=1.0, pairs=10, folder=folder, progress=False)
                    break
            yield said_of(result.results)


def traps() -> list[Trap]:
    """All of this file."""
    alike = Truth("all train alike", ALIKE, wrong_at_most=0.05)
    return [
        Trap("5% slower after one of six lanes", GROUP, alike, next_slower(0.05), 80, short=0),
        Trap(
            "a cache on disk that the first run pays for",
            GROUP,
            Truth("one run by itself takes as long as the baseline's", ALIKE, told=r"\bcach|first run|earlier run"),
            once(_cache, pairs=8),
        ),
        Trap("a lane's process that computes on after its run", GROUP, alike, once(_process_left_behind)),
        Trap("double precision that a lane leaves behind", GROUP, alike, _precision),
        Trap(
            "weights carried over from run to run",
            GROUP,
            Truth("one run by itself trains as fast as the baseline's", ALIKE, told=r"carried over|earlier run"),
            once(_weights_carried_over, pairs=8),
        ),
        Trap(
            "computes on in a thread while others run",
            GROUP,
            Truth("all train alike", ALIKE, told=r"computed on|still computing"),
            _computes_on,
        ),
        Trap(
            "a lane that is started again when it begins badly",
            GROUP,
            Truth("all train alike", ALIKE, told=r"[Ii]nterrupt|taken up|started again|repeated"),
            _started_again,
            short=0,
        ),
    ]
