"""The table of a race whose lanes have one budget: final accuracy, differences by pairs, verdicts, operations, pace.

    python benchmarks/show_race.py RESULTS.json [--against LANE ...] [--target 0.85]

Differences are points of the final validation accuracy, paired by seed, with 95% intervals, bold where they exclude 0.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean, median

from sooner.reporting.wording import verdict
from sooner.results.final_metric import difference, finals
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore


def words(results: Results, lane: str, against: str, clock: str) -> str:
    found = [verdict(c) for c in results.comparisons if (c.lane, c.against, c.clock) == (lane, against, clock)]
    return found[0] if found else ""


def giga(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known) / 1e9:,.0f}" if known else ""


def row(results: Results, lane: Lane, against: list[Lane]) -> list[str]:
    ends, tests = finals(lane), [100 * run.test_metric for run in lane.runs if run.test_metric is not None]
    seconds = median(run.calibrated_budget_s for run in lane.runs)
    cells = [lane.name, f"{mean(ends.values()):.2f}%", f"{mean(tests):.2f}%" if tests else ""]
    cells += [str(difference(lane, other)) if other is not lane else "" for other in against]
    cells += [giga([run.flops for run in lane.runs]), giga([run.sparse_flops for run in lane.runs]), f"{seconds:.1f}"]
    for clock in ("examples", "calibrated"):
        cells.append(words(results, lane.name, results.lanes[0].name, clock))
    return cells


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--against", nargs="*", default=[])
    parser.add_argument("--target", type=float)
    asked = parser.parse_args()
    results = Results.load(asked.results)
    if asked.target is not None:
        results = rescore(results, asked.target, curves=False)
    lanes = {lane.name: lane for lane in results.lanes}
    against = [results.lanes[0], *(lanes[name] for name in asked.against)]
    heads = ["lane", "validation", "test", *(f"against {lane.name}" for lane in against), "GFLOP", "sparse GFLOP"]
    heads += ["seconds (calibrated)", f"to {results.target:.1%}, in examples", "on the calibrated clock"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for lane in sorted(results.lanes, key=lambda lane: -mean(finals(lane).values())):
        print(f"| {' | '.join(row(results, lane, against))} |")


if __name__ == "__main__":
    main()
