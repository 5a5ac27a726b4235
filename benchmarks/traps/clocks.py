"""Traps for the clocks: lanes whose pace changes, machines that are disturbed, work where no clock runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from benchmarks._sooner import Results
from benchmarks.traps.machine import Machine
from benchmarks.traps.made import Lanes, functions, raced, record
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, FASTER, SLOWER, Build, Trap, Truth

GROUP = "clocks"
EVEN = [10.0] * 10  # seconds of a lane's stretches between looks


def stretches(machine: Machine, seconds: Sequence[float]) -> Callable[[int], Iterator[tuple[int, float]]]:
    """A function whose metric rises evenly to 1 over stretches of so many seconds, within 2% from seed to seed."""

    def train(seed: int) -> Iterator[tuple[int, float]]:
        pace = 1 + 0.02 * np.random.default_rng([seed, len(seconds)]).uniform(-1, 1)
        yield 0, 0.0
        for place, each in enumerate(seconds, 1):
            machine.work(each * pace)
            yield 64 * place, place / len(seconds)

    return train


def once(make: Callable[[Machine], Lanes], *, pairs: int = 6) -> Build:
    """A trap of one race of functions."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            yield said_of(functions(make, pairs=pairs))

    return build


def _paces(seconds: Sequence[float]) -> Callable[[Machine], Lanes]:
    return lambda machine: {"plain": stretches(machine, EVEN), "lane": stretches(machine, seconds)}


def _uneven_yields(machine: Machine) -> Lanes:
    shares = [0.04, 0.08, 0.12, 0.16, 0.2, 0.24, 0.28, 0.5, 0.75, 1.0]

    def train(seed: int) -> Iterator[tuple[int, float]]:
        before = 0.0
        for share in shares:
            machine.work(sum(EVEN) * (share - before) * (1 + 0.002 * np.random.default_rng(seed).uniform(-1, 1)))
            before = share
            yield int(640 * share), share

    return {"plain": stretches(machine, EVEN), "lane": train}


def _pause(machine: Machine) -> Lanes:
    steps = stretches(machine, [6.0] * 10)

    def paused(seed: int) -> Iterator[tuple[int, float]]:
        machine.wait(60)
        yield from steps(seed)

    return {"plain": paused, "lane": stretches(machine, [6.1] * 10)}


def _load(machine: Machine) -> Lanes:
    steps = stretches(machine, EVEN)

    def loaded(seed: int) -> Iterator[tuple[int, float]]:
        machine.slow = 1.5
        try:
            yield from steps(seed)
        finally:
            machine.slow = 1.0

    return {"plain": loaded, "lane": stretches(machine, EVEN)}


def _replaced_clock(machine: Machine) -> Lanes:
    """The lane replaces Python's clock, for which the machine stands, by one that is half as fast, and puts it back."""
    clock = machine.perf_counter

    def train(seed: int) -> Iterator[tuple[int, float]]:
        began = clock()
        machine.perf_counter = lambda: began + (clock() - began) / 2  # type: ignore[method-assign]
        try:
            yield from stretches(machine, EVEN)(seed)
        finally:
            machine.perf_counter = clock  # type: ignore[method-assign]

    return {"plain": stretches(machine, EVEN), "lane": train}


def _warming(machine: Machine) -> Lanes:
    def train(seed: int) -> Iterator[tuple[int, float]]:
        for look in stretches(machine, EVEN)(seed):
            machine.slow += 0.01
            yield look

    return {"plain": train, "lane": train}


def disturbed(clock: str) -> Build:
    """Twins on a machine that other programs slow down in random stretches, by half or to a third, on one clock."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            said = said_of(_disturbed(rng))
            findings = tuple((on, finding) for on, finding in said.findings if on == clock)
            yield replace(said, findings=findings, short=tuple(each for each in said.short if each[0] == clock))

    return build


def _disturbed(rng: np.random.Generator) -> Results:
    lanes = {}
    for name in ("plain", "lane"):
        slow = 1 + rng.choice([0.0, 0.5, 2.0], p=[0.7, 0.2, 0.1], size=(8, 10))
        took = np.cumsum(10 * slow * (1 + 0.02 * rng.standard_normal((8, 10))), axis=1)
        at = np.arange(11)
        lanes[name] = [record(name, seed, [0.0, *took[seed]], at / 10, steps=100 * at) for seed in range(8)]
    return raced(lanes, target=0.95)


def traps() -> list[Trap]:
    """All of this file."""
    alike = Truth("both train alike", ALIKE)
    return [
        Trap(
            "slow in 4 of 10 stretches",
            GROUP,
            Truth("the lane is slower: its slow stretches are its own", SLOWER, never=("trust the calibrated clock",)),
            once(_paces([6.4, 31, 31, 6.4, 6.4, 31, 6.4, 31, 6.4, 6.4])),
        ),
        Trap(
            "expensive steps first, cheap ones later",
            GROUP,
            Truth("the lane is slower", SLOWER, never=("trust the calibrated clock",)),
            once(_paces([52.0] * 4 + [4.4] * 6)),
        ),
        Trap("uneven yields", GROUP, alike, once(_uneven_yields)),
        Trap(
            "a pause of 60 s before the first look",
            GROUP,
            Truth(
                "the paused lane took longer, its steps did not",
                FASTER | ALIKE,
                calibrated=ALIKE,
                never=("both clocks agree",),
            ),
            once(_pause),
        ),
        Trap("load only while one lane runs", GROUP, alike, once(_load)),
        Trap("replaces Python's clock while it runs", GROUP, alike, once(_replaced_clock)),
        Trap("a machine that slows down over the race", GROUP, alike, once(_warming)),
        *(
            Trap(
                f"a machine disturbed in random stretches, {clock} clock",
                GROUP,
                Truth("both train alike", ALIKE, wrong_at_most=0.05, silent=clock != "wall"),
                disturbed(clock),
                150,
                short=0,
            )
            for clock in ("wall", "calibrated")
        ),
        Trap(
            "honest: cheaper steps",
            GROUP,
            Truth("the lane is faster", FASTER, withheld=frozenset()),
            once(_paces([7.0] * 10)),
        ),
    ]
