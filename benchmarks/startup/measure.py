"""How long does it take to start? `import sooner` against `import torch`, and commands against `sooner --help`.

    python -m benchmarks.startup.measure [--turns 15]

Every measurement is a process of its own; the two sides of a ratio run in turns, so that other programs on the machine
hit both alike. Each side runs once beforehand, for the files to be in memory. Writes result.json and prints the table
of the README.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version

from benchmarks._files import rounded
from benchmarks._run import SOONER, beside, markdown, save

PUBLIC = "import sooner; sooner.Batch, sooner.Indexed, sooner.Permutation, sooner.collate, sooner.report"
BASES = {"import torch": [sys.executable, "-c", "import numpy, torch"], "sooner --help": [*SOONER, "--help"]}
# What is measured, and the base that it is held against.
CASES: dict[str, tuple[list[str], str]] = {
    "import sooner": ([sys.executable, "-c", PUBLIC], "import torch"),
    "sooner methods": ([*SOONER, "methods"], "sooner --help"),
    "sooner tasks": ([*SOONER, "tasks"], "sooner --help"),
    "sooner methods rs2-10": ([*SOONER, "methods", "rs2-10"], "sooner --help"),
    "sooner doctor": ([*SOONER, "doctor"], "import torch"),
}
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def measure(command: Sequence[str]) -> tuple[float, float]:
    """Seconds of wall time and of processor time, user and system, that the command takes; it must succeed."""
    before, began = _processor(), time.perf_counter()
    subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began, _processor() - before


def _processor() -> float:
    """Seconds of processor time, user and system, of all processes that this one has started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compared(case: Sequence[str], base: Sequence[str], turns: int) -> dict[str, float]:
    """Medians over the turns: of both sides' processor time, and of the ratios of the pairs on either clock."""
    for command in (base, case):
        measure(command)
    pairs = []
    for turn in range(turns):
        sides = {which: measure(case if which else base) for which in ((0, 1) if turn % 2 else (1, 0))}
        pairs.append((sides[1], sides[0]))
    cpu = [mine[1] / theirs[1] for mine, theirs in pairs]
    return {
        "cpu_s": statistics.median(mine[1] for mine, _ in pairs),
        "base_cpu_s": statistics.median(theirs[1] for _, theirs in pairs),
        "cpu_ratio": statistics.median(cpu),
        "cpu_ratio_low": min(cpu),
        "cpu_ratio_high": max(cpu),
        "wall_ratio": statistics.median(mine[0] / theirs[0] for mine, theirs in pairs),
    }


def table(found: dict[str, dict[str, float]]) -> str:
    heads = ["", "against", "processor time", "the other's", "ratio (range)", "ratio of wall times"]
    rows = [
        [
            name,
            CASES[name][1],
            f"{row['cpu_s']:.2f} s",
            f"{row['base_cpu_s']:.2f} s",
            f"{row['cpu_ratio']:.2f} ({row['cpu_ratio_low']:.2f} to {row['cpu_ratio_high']:.2f})",
            f"{row['wall_ratio']:.2f}",
        ]
        for name, row in found.items()
    ]
    return markdown(heads, rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=15)
    turns = parser.parse_args().turns
    found = {name: compared(case, BASES[base], turns) for name, (case, base) in CASES.items()}
    machine = {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    machine["torch"] = version("torch")
    save(beside(__file__), {"turns": turns, "machine": machine, "cases": rounded(found, 4)})
    print(table(found))


if __name__ == "__main__":
    main()
