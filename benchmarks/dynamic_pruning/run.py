"""Race every dynamic pruning method at 30, 50 and 70% pruned, against dynamic random and the fitted control.

    python -m benchmarks.dynamic_pruning.run fashion_mnist [--examples 15000] [--target 0.86]
        [--budget 6ep] [--pairs 6] [--threads 1]

All lanes are in one race, so they share seeds, splits and machine. Each lane at level p gets (1 - p) of the baseline's
budget in examples: what pruning is said to save. The race goes into races/dynamic_pruning/TASK and can be stopped and
started again at any moment with the same command; when it is complete, it is kept beside this file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml
from benchmarks._run import beside, passed_on, race

LEVELS = (30, 50, 70)


def methods(pruned: float) -> dict[str, dict[str, object]]:
    """Every dynamic method with its own setting for a share `pruned` of the data."""
    kept = round(1 - pruned, 6)
    return {
        "dynamic-random": {"name": "dynamic-random", "fraction": kept},
        "eps-greedy": {"name": "eps-greedy", "fraction": kept},
        "ucb": {"name": "ucb", "fraction": kept},
        "infobatch": {"name": "infobatch", "prune_ratio": pruned},
        "seta": {"name": "seta", "prune_ratio": pruned},
        "kakurenbo": {"name": "kakurenbo", "hidden": pruned},
        "ies": {"name": "ies"},
        "pdd": {"name": "progressive-dropout"},
        "importance": {"name": "importance", "fraction": kept},
    }


def recipes(folder: Path) -> list[Path]:
    """The recipe files of all methods at all levels, written into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for level in LEVELS:
        for name, sampling in methods(level / 100).items():
            files.append(folder / f"{name}-{level}.yaml")
            fields = {"extends": "baseline", "budget": f"{1 - level / 100:g}x", "sampling": sampling}
            files[-1].write_text(yaml.safe_dump(fields))
    return files


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("--budget", default="6ep")
    parser.add_argument("--pairs", default="6")
    extras = passed_on(parser, ("examples", "target", "threads"))
    asked = parser.parse_args()
    folder = Path("races/dynamic_pruning") / asked.task
    files = recipes(folder.parent / f"{asked.task}-recipes")
    arguments = ["--task", asked.task, "--budget", asked.budget, "--pairs", asked.pairs, *extras(asked)]
    return race(folder, [*arguments, *map(str, files)], beside(__file__, f"{asked.task}.json"))


if __name__ == "__main__":
    sys.exit(main())
