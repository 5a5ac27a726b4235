"""The table of resumed trainings, and how they are trained; loads no framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks._run import markdown

LOOPS = ("plain", "Accelerate", "Lightning", "transformers")
SETTINGS: dict[str, dict[str, Any]] = {
    "dropout": {},
    "and two workers": {"workers": 2},
    "inside an accumulation": {"accumulate": 4},
    "draws in the data set": {"draws": True},
}


def table(runs: Sequence[Mapping[str, Any]]) -> str:
    """Largest difference of weights, and in brackets of how many batches the examples differ, if any."""

    def cell(loop: str, world: int, setting: str) -> str:
        for run in runs:
            if (run["loop"], run["processes"], run["setting"]) == (loop, world, setting):
                return f"{run['weights']:.1g}" + (f" ({run['order']} of {run['batches']})" if run["order"] else "")
        return ""

    lines = [[loop, str(world), *(cell(loop, world, each) for each in SETTINGS)] for loop in LOOPS for world in (1, 2)]
    return markdown(["loop", "processes", *SETTINGS], lines)
