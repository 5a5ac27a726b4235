"""Traps in what a race takes on trust: seeds, metrics, counts, and data that only the lane sees.

A race can check some of it cheaply (a test metric far below the validation metric, runs of several seeds that are the
same run). The rest is the lanes' own word, and where a verdict rests on it the race has to say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from benchmarks._sooner import Record
from benchmarks.traps.clocks import EVEN, once, stretches
from benchmarks.traps.looks import learning
from benchmarks.traps.machine import Machine
from benchmarks.traps.made import Lanes, raced, record
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, Build, Trap, Truth

GROUP = "on trust"
Runs = Callable[[np.random.Generator, str], list[Record]]
_PAIRS = 8


def _runs(
    rng: np.random.Generator,
    lane: str,
    *,
    speed: float = 1.0,
    batch: int = 64,
    test: Callable[[float], float] | None = None,
) -> list[Record]:
    """Runs of a lane that counts `batch` examples a step, with a test metric that follows from the last metric."""
    runs = []
    for seed in range(_PAIRS):
        seconds, metric = learning(rng, speed=speed)
        tested = None if test is None else test(float(metric[-1]))
        runs.append(record(lane, seed, seconds, metric, steps=np.arange(1, 41) * 25, batch=batch, test_metric=tested))
    return runs


def against(plain: Runs, lane: Runs) -> Build:
    """Races of two lanes."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            yield said_of(raced({"plain": plain(rng, "plain"), "lane": lane(rng, "lane")}, target=0.9))

    return build


def _honest(rng: np.random.Generator, lane: str) -> list[Record]:
    return _runs(rng, lane, test=lambda metric: metric - 0.01)


def _peeks(rng: np.random.Generator, lane: str) -> list[Record]:
    """It trains on the validation examples, too: the metric rises twice as fast, that of test data does not."""
    return _runs(rng, lane, speed=2.0, test=lambda metric: 0.9)


def _one_seed(rng: np.random.Generator, lane: str) -> list[Record]:
    """Whatever seed it is given, it trains with its lucky one."""
    seconds, metric = learning(np.random.default_rng(3), speed=1.3)
    jitter = 1 + 0.002 * rng.standard_normal(_PAIRS)
    return [record(lane, seed, seconds * jitter[seed], metric, steps=np.arange(1, 41) * 25) for seed in range(_PAIRS)]


def _one_seed_apart_in_the_last_digits(rng: np.random.Generator, lane: str) -> list[Record]:
    """The same, on a device whose sums are not the same each time: in the sixth decimal the metrics differ."""
    return [
        replace(run, looks=[replace(look, metric=look.metric + 1e-6 * rng.standard_normal()) for look in run.looks])
        for run in _one_seed(rng, lane)
    ]


def _beginning_at(first: float, *, speed: float = 1.0) -> Runs:
    """Runs whose metric is `first` before any training."""

    def runs(rng: np.random.Generator, lane: str) -> list[Record]:
        begun = []
        for run in _runs(rng, lane, speed=speed):
            look = replace(run.looks[0], seconds=0.0, step=0, examples=0, metric=first + 0.01 * rng.standard_normal())
            begun.append(replace(run, looks=[look, *run.looks]))
        return begun

    return runs


def _easier(rng: np.random.Generator, lane: str) -> list[Record]:
    """Its metric is that of easier examples."""
    return _runs(rng, lane, speed=1.5)


def _half_counted(rng: np.random.Generator, lane: str) -> list[Record]:
    """Of two examples it counts one."""
    return _runs(rng, lane, batch=32)


def _trains_off_the_clock(machine: Machine) -> Lanes:
    def train(seed: int) -> Iterator[tuple[int, Callable[[], float]]]:
        for place in range(1, 11):
            machine.work(6)

            def metric(share: float = place / 10) -> float:
                machine.work(4)  # a training step that goes on in a thread while the clock stands still
                return share

            yield 64 * place, metric

    return {"plain": stretches(machine, EVEN), "lane": train}


def traps() -> list[Trap]:
    """All of this file."""
    own = r"own (word|count|metric|measure)|on trust|take[ns]? .*word"
    return [
        Trap(
            "trains on the validation examples",
            GROUP,
            Truth("it knows the validation examples by heart", ALIKE, told=r"[Tt]est (metric|data|accuracy|set)"),
            against(_honest, _peeks),
        ),
        Trap(
            "one lucky seed in all pairs",
            GROUP,
            Truth("the pairs are one run", ALIKE, told=r"identical|the same (run|metric)|ignores? (its|the) seed"),
            against(_honest, _one_seed),
        ),
        Trap(
            "one lucky seed, apart in the last digits",
            GROUP,
            Truth("the pairs are one run", ALIKE, told=r"identical|the same (run|metric)|ignores? (its|the) seed"),
            against(_honest, _one_seed_apart_in_the_last_digits),
        ),
        Trap(
            "trained before the race began",
            GROUP,
            Truth(
                "it was trained where its module was loaded: both train alike", ALIKE, told=r"[Bb]efore any training"
            ),
            against(_beginning_at(0.1), _beginning_at(0.6, speed=2.0)),
        ),
        Trap(
            "measures itself on easier examples",
            GROUP,
            Truth("both train alike", ALIKE, told=own),
            against(_runs, _easier),
        ),
        Trap(
            "counts half of its examples",
            GROUP,
            Truth("both train alike", ALIKE, examples=ALIKE, told=own),
            against(_runs, _half_counted),
        ),
        Trap(
            "trains on while its metric is measured",
            GROUP,
            Truth("both train alike", ALIKE, told="[Ee]valuations take"),
            once(_trains_off_the_clock),
        ),
    ]
