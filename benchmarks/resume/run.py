"""Save a training with dropout in the middle of a round, resume it in fresh processes, compare it with an unbroken one.

    python -m benchmarks.resume.run [--loops plain Accelerate] [--to FILE]

Prints a table and writes matrix.json beside this file; goes on where it was stopped. Exits 1 if a run differs that is
to be exact: all are but those of the last column.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from benchmarks._files import table
from benchmarks._run import beside, each_once, save
from benchmarks.resume import shown
from benchmarks.resume.processes import train
from benchmarks.resume.refused import refused
from benchmarks.resume.training import LOOPS, Outcome, Setting

EXACT = tuple(shown.SETTINGS)[:3]
_STOPS = (5, 17)  # batches: in the first and in the second round, and each the first of an accumulation of four


def compare(key: tuple[str, int, str]) -> dict[str, Any]:
    """One cell: an unbroken run that saves, and a run from each state in fresh processes."""
    loop, world, setting = key
    options, stops = shown.SETTINGS[setting], _STOPS
    if loop == "transformers":  # saves between two steps alone, at multiples of the first
        stops = (8, 16) if options.get("accumulate") else (5, 15)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        unbroken = train(loop, Setting(folder / "saved", **options), world, 10, folder / "unbroken")
        saving = train(loop, Setting(folder / "saved", saves=stops, **options), world, 10, folder / "saving")
        pairs = [*zip(unbroken, saving, [0] * world, strict=True)]
        for number, stop in enumerate(stops, start=1):
            start = Setting(folder / "saved", start=stop, **options)
            resumed = train(loop, start, world, 10 + 100 * number, folder / f"from-{stop}")
            pairs += zip(unbroken, resumed, [stop] * world, strict=True)
    found = {"loop": loop, "processes": world, "setting": setting, "stops": list(stops)}
    found |= {"batches": sum(len(other.order) for _, other, _ in pairs)}
    found |= {"order": sum(differing(*pair) for pair in pairs)}
    found |= {"weights": max(float((one.weights - other.weights).abs().max()) for one, other, _ in pairs)}
    print(found, flush=True)
    return found


def differing(unbroken: Outcome, resumed: Outcome, start: int) -> int:
    """How many batches of the two are not the same."""
    expected = unbroken.order[start:]
    same = sum(one == other for one, other in zip(expected, resumed.order, strict=False))
    return max(len(expected), len(resumed.order)) - same


def key(run: Mapping[str, Any]) -> tuple[str, int, str]:
    return run["loop"], run["processes"], run["setting"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loops", nargs="+", default=list(LOOPS), choices=list(LOOPS))
    parser.add_argument("--to", type=Path, default=beside(__file__, "matrix.json"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    part = asked.to.with_suffix(".runs.json")
    wanted = [(loop, world, setting) for loop in asked.loops for world in (1, 2) for setting in shown.SETTINGS]
    runs = each_once(part, {"runs": []}, wanted, key, compare)
    save(asked.to, {"runs": table(runs, digits=9), "refused": refused()})
    part.unlink()
    print(shown.table(runs))
    wrong = [key(run) for run in runs if run["setting"] in EXACT and (run["order"] or run["weights"])]
    if wrong:
        print(f"differ from the unbroken run: {wrong}")
        sys.exit(1)


if __name__ == "__main__":
    main()
