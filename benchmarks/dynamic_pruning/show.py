"""The tables of the README: accuracy at equal examples and the tool's verdicts, per level and method.

python -m benchmarks.dynamic_pruning.show [RESULTS.json ...]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from benchmarks._run import markdown
from benchmarks._sooner import Results, difference, finals
from benchmarks._verdicts import said
from benchmarks.keep import load

HERE = Path(__file__).parent
LEVELS = {30: "4.2ep", 50: "3ep", 70: "1.8ep"}


def tables(results: Results) -> Iterator[str]:
    """Headings and tables, in the order of the README."""
    lanes = {lane.name: lane for lane in results.lanes}
    images, best = results.data["n_train_and_validation"], mean(finals(lanes["baseline"]).values())
    yield f"## {results.task}: {images:,} images, baseline {best:.2f}%"
    for level, budget in LEVELS.items():
        control, chance = lanes[f"baseline@{budget}"], lanes[f"dynamic-random-{level}"]
        target = min(finals(control).values()) / 100
        yield f"### {level}% pruned, {budget}; fitted control {mean(finals(control).values()):.2f}%"
        heads = ["method", "final", "against the fitted control", "against dynamic random"]
        heads += [f"verdict in examples to {target:.1%}, against the control", "on the wall clock"]
        ranked = [lane for lane in results.lanes if lane.role == "lane" and lane.name.endswith(f"-{level}")]
        rows = [
            [
                lane.name.rsplit("-", 1)[0],
                f"{mean(finals(lane).values()):.2f}%",
                str(difference(lane, control)),
                "" if lane is chance else str(difference(lane, chance)),
                said(results, lane.name, control.name, "examples", target),
                said(results, lane.name, control.name, "wall", target),
            ]
            for lane in sorted(ranked, key=lambda lane: -mean(finals(lane).values()))
        ]
        yield markdown(heads, rows)


def main() -> None:
    for path in [Path(each) for each in sys.argv[1:]] or sorted(HERE.glob("*.json")):
        print(*tables(load(path)), sep="\n\n", end="\n\n")


if __name__ == "__main__":
    main()
