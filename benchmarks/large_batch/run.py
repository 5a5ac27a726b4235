"""Race a batch that grows against fixed ones, or a large batch and its remedies against a small one.

    python benchmarks/large_batch/run.py growth [--budget 4ep] [--pairs 6] [--examples 15000] [--target 0.86] ...
    python benchmarks/large_batch/run.py gap ...

Fashion-MNIST, convnet-16. The lanes are the recipes in the folder of that name; the tool adds the baseline, which has
batches of 128, and the controls. The race goes into races/large_batch/NAME and can be stopped and started again at any
moment with the same command; when it is complete, its results.json is copied to NAME.json beside this file.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LANES = {
    "growth": ("small", "large", "adadagrad"),
    "gap": ("large", "large-sqrt", "large-sqrt-ghost", "large-regime"),
}
PASSED_ON = ("examples", "target", "budget", "threads", "device")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("race", choices=LANES)
    parser.add_argument("--pairs", default="6")
    for option in PASSED_ON:
        parser.add_argument(f"--{option}")
    asked = parser.parse_args()
    folder = Path("races/large_batch") / asked.race
    command = [sys.executable, "-m", "sooner.cli", "race"]
    if (folder / "race.db").exists():
        status = subprocess.run([*command, "--resume", str(folder)]).returncode
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        extras = [f"--{key}={value}" for key in PASSED_ON if (value := getattr(asked, key)) is not None]
        recipes = [str(HERE / asked.race / f"{name}.yaml") for name in LANES[asked.race]]
        status = subprocess.run(
            [*command, "--task", "fashion_mnist", "--pairs", asked.pairs, "--out", str(folder), *extras, *recipes]
        ).returncode
    if status == 0:
        shutil.copy(folder / "results.json", HERE / f"{asked.race}.json")
    return status


if __name__ == "__main__":
    sys.exit(main())
