"""Race every dynamic pruning method at 30, 50 and 70% pruned, against dynamic random and the fitted control.

    python benchmarks/dynamic_pruning/run.py fashion_mnist [--examples 15000] [--target 0.86]
        [--budget 6ep] [--pairs 6] [--threads 1]

All lanes are in one race, so they share seeds, splits and machine. Each lane at level p gets (1 - p) of the baseline's
budget in examples: what pruning is said to save. The race goes into races/dynamic_pruning/TASK and can be stopped and
started again at any moment with the same command; when it is complete, its results.json is copied beside this file.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).parent
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


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("--budget", default="6ep")
    parser.add_argument("--pairs", default="6")
    parser.add_argument("--examples", help="of the training images; default: all")
    parser.add_argument("--target")
    parser.add_argument("--threads")
    options = parser.parse_args()
    folder = Path("races/dynamic_pruning") / options.task
    command = [sys.executable, "-m", "sooner.cli", "race"]
    if (folder / "race.db").exists():
        status = subprocess.run([*command, "--resume", str(folder)]).returncode
    else:
        recipes = folder.parent / f"{options.task}-recipes"
        recipes.mkdir(parents=True, exist_ok=True)
        files = []
        for level in LEVELS:
            for name, sampling in methods(level / 100).items():
                files.append(recipes / f"{name}-{level}.yaml")
                fields = {"extends": "baseline", "budget": f"{1 - level / 100:g}x", "sampling": sampling}
                files[-1].write_text(yaml.safe_dump(fields))
        extras = [f"--{key}={value}" for key in ("examples", "target", "threads") if (value := getattr(options, key))]
        status = subprocess.run(
            [
                *command,
                *("--task", options.task, "--budget", options.budget, "--pairs", options.pairs),
                *("--out", str(folder), *extras, *map(str, files)),
            ]
        ).returncode
    if status == 0:
        shutil.copy(folder / "results.json", HERE / f"{options.task}.json")
    return status


if __name__ == "__main__":
    sys.exit(main())
