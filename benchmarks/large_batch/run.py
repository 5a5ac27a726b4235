"""Race a batch that grows against fixed ones, or a large batch and its remedies against a small one.

    python -m benchmarks.large_batch.run growth [--budget 4ep] [--pairs 6] [--examples 15000] [--target 0.86] ...
    python -m benchmarks.large_batch.run gap ...

Fashion-MNIST, convnet-16. The lanes are the recipes in the folder of that name; the tool adds the baseline, which has
batches of 128, and the controls. The race goes into races/large_batch/NAME and can be stopped and started again at any
moment with the same command; when it is complete, it is kept as NAME.json beside this file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks._run import beside, passed_on, race

LANES = {
    "growth": ("small", "large", "adadagrad"),
    "gap": ("large", "large-sqrt", "large-sqrt-ghost", "large-regime"),
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("race", choices=LANES)
    parser.add_argument("--pairs", default="6")
    extras = passed_on(parser, ("examples", "target", "budget", "threads", "device", "image-size"))
    asked = parser.parse_args()
    recipes = [str(Path(__file__).parent / asked.race / f"{name}.yaml") for name in LANES[asked.race]]
    arguments = ["--task", "fashion_mnist", "--pairs", asked.pairs, *extras(asked), *recipes]
    return race(Path("races/large_batch") / asked.race, arguments, beside(__file__, f"{asked.race}.json"))


if __name__ == "__main__":
    sys.exit(main())
