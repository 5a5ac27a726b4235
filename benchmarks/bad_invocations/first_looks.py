"""Races whose first look already meets the target, and programs and functions whose metrics are none."""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bad_invocations._case import Case
from benchmarks.bad_invocations.generate import QUICK

import sooner

# Lines as a shell's printf takes them, and the pattern that reads them (None for JSON).
_GOOD_FROM_THE_START = (
    ('{"metric": 0.95, "step": 0, "seconds": 0, "examples": 0}\\n', None),
    ('{"metric": 0.95, "step": 0}\\n{"metric": 0.97, "step": 1}\\n', None),
    ('{"metric": 0.95, "seconds": 0}\\n{"metric": 0.95, "seconds": 0}\\n', None),
    ("epoch 0 acc=0.93\\nepoch 1 acc=0.96\\n", r"epoch (?P<step>\d+) acc=(?P<metric>[0-9.]+)"),
    ("epoch 0 acc=0.93\\n", r"epoch (?P<step>\d+) acc=(?P<metric>[0-9.]+)"),
)
_NO_METRIC = (
    ("", None),
    ("nothing here\\n", r"acc=([0-9.]+)"),
    ("acc=93.5%%\\nacc=95.1%%\\n", r"acc=([0-9.]+)"),
    ("acc=0.1\\racc=0.2\\racc=0.3", r"acc=([0-9.]+)"),
    ("\\000\\001\\377\\376acc=0.5\\n", r"acc=([0-9.]+)"),
    ("acc=nan\\nacc=nan\\n", r"acc=(\S+)"),
    ("acc=0.5\\nacc=inf\\n", r"acc=(\S+)"),
    ('{"metric": NaN, "step": 1}\\n', None),
    ('{"metric": 0.5, "step": 7}\\n{"metric": 0.6, "step": 3}\\n', None),
    ('{"metric": 0.5, "seconds": 7}\\n{"metric": 0.6, "seconds": 3}\\n', None),
    ('{"metric": 0.5, "step": -1, "examples": 1e30}\\n', None),
    ('{"metric": "\\\\u001b[2J", "step": []}\\n', None),
    ("\\033[2J\\033]0;title\\007acc=0.4\\n", r"acc=([0-9.]+)"),
)
_MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.flat, self.last = nn.Flatten(), nn.Linear(64, classes)

    def forward(self, inputs):
        return self.last(self.flat(inputs))
"""


def programs(draw: random.Random, folder: Path, finished: Path) -> Case:
    """Programs that are good from the start, or never say how good they are."""
    good = draw.random() < 0.5
    text, pattern = draw.choice(_GOOD_FROM_THE_START if good else _NO_METRIC)
    end = 0 if good else draw.choice([0, 0, 1, 2])
    body = f"printf {shlex.quote(text)}; exit {end} # {{seed}}".replace('{"', '{{"').replace("}\\n", "}}\\n")
    command = f"sh -c {shlex.quote(body)}"
    if not good and draw.random() < 0.15:
        command = draw.choice(["python3 no_such_file.py {seed}", "sh no_such.sh {seed}", "sh -c 'kill -9 $$' {seed}"])
    out = folder / "race"
    race = ["race", "--target", "0.9", "--pairs", "1", "--threads", "1", "--timeout", "5", "--out", str(out)]
    race += ["--metric", pattern] if pattern else []
    steps = [[*race, "--", command, command.replace("# {seed}", "# {seed} b")], ["report", str(out)]]
    return Case(
        "first look: programs" if good else "no metric: programs", steps, (0,) if good else (0, 2), own=not good
    )


def functions(draw: random.Random, folder: Path, finished: Path) -> Case:
    """Python functions that are good from the start, or yield what is no metric."""
    good = draw.random() < 0.5
    pairs = {True: [(0, 0.95), (0, 0.95)], False: [(64, float("nan")), (3, 0.5), (-1, 0.5), (10**30, 0.5), ("x", 0.5)]}
    values: list[object] = [draw.choice(pairs[good]) for _ in range(draw.randrange(1, 4))]
    if not good:
        values += [draw.choice([None, 3, (1,), (1, "x"), (5, lambda: 1 / 0), (2, 1e400)])]

    def train(seed: int) -> Iterator[object]:
        yield from values

    out = folder / "race"

    def race() -> None:
        print(sooner.race({"plain": train, "other": train}, target=0.9, pairs=1, folder=out, progress=False))

    steps = [race, ["report", str(out)]]
    return Case(
        "first look: functions" if good else "no metric: functions", steps, (0,) if good else (0, 2), own=not good
    )


def model(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A model of the user's own, named on the command line, at a target that its first look meets."""
    (folder / "own_net.py").write_text(_MODEL)
    out = folder / "race"
    race = ["race", "digits", *QUICK, "--model", "own_net:Net", "--target", draw.choice(["0.001", "0.01"])]
    race += ["--out", str(out), "--seed", str(draw.randrange(1000))]
    return Case("first look: models", [race, ["report", str(out)]], (0,), folder=folder)
