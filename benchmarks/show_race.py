"""The table of a race whose lanes have one budget: final accuracy, differences by pairs, verdicts, operations, pace.

    python -m benchmarks.show_race RESULTS.json [--against LANE ...] [--target 0.85]

Differences are points of the final validation accuracy, paired by seed, with 95% intervals, bold where they exclude 0.
Verdicts are against the baseline and each lane that is named.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

from benchmarks._run import markdown
from benchmarks._sooner import Lane, Results, difference, finals
from benchmarks._verdicts import said
from benchmarks.keep import load


def giga(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known) / 1e9:,.0f}" if known else ""


def row(results: Results, lane: Lane, against: Sequence[Lane], target: float) -> list[str]:
    tests = [100 * run.test_metric for run in lane.runs if run.test_metric is not None]
    seconds = median(run.budget_s for run in lane.runs)
    cells = [lane.name, f"{mean(finals(lane).values()):.2f}%", f"{mean(tests):.2f}%" if tests else ""]
    cells += [f"{median(run.steps for run in lane.runs):.0f}"]
    cells += [str(difference(lane, other)) if other is not lane else "" for other in against]
    cells += [giga([run.flops for run in lane.runs]), giga([run.sparse_flops for run in lane.runs]), f"{seconds:.1f}"]
    cells += [said(results, lane.name, other.name, "examples", target) for other in against]
    return [*cells, said(results, lane.name, results.lanes[0].name, "wall", target)]


def show(results: Results, against: Sequence[str] = (), target: float | None = None) -> str:
    """The table; `against` are lanes beside the baseline, `target` is the race's own unless given."""
    target = results.target if target is None else target
    lanes = {lane.name: lane for lane in results.lanes}
    others = [results.lanes[0], *(lanes[name] for name in against)]
    heads = ["lane", "validation", "test", "updates", *(f"against {lane.name}" for lane in others)]
    heads += ["GFLOP", "sparse GFLOP", "seconds"]
    heads += [f"to {target:.1%}, in examples, against {lane.name}" for lane in others] + ["on the wall clock"]
    ranked = sorted(results.lanes, key=lambda lane: -mean(finals(lane).values()))
    return markdown(heads, [row(results, lane, others, target) for lane in ranked])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--against", nargs="*", default=[])
    parser.add_argument("--target", type=float)
    asked = parser.parse_args()
    print(show(load(asked.results), asked.against, asked.target))


if __name__ == "__main__":
    main()
