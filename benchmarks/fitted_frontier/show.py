"""What the races of this folder found, as the tables of its README: budgets, times, and both protocols' ratios.

python benchmarks/fitted_frontier/show.py FITTED.json FIRST_HIT.json
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from sooner.reporting.wording import verdict
from sooner.results.budgets import frontier
from sooner.results.records import Results
from sooner.results.rescoring import rescore


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"


def budgets(fitted: Results) -> None:
    for lane in fitted.lanes:
        shares = ", ".join(f"{rung.budget} {rung.hits}/{rung.runs}" for rung in lane.rungs)
        print(f"| {lane.name} | {lane.smallest_budget} | {shares} |")


def ratios(fitted: Results, first: Results, targets: list[float]) -> None:
    """Against the baseline, in examples, which no machine disturbs."""
    climbs = {lane.name: {run.seed: run.evaluations for run in lane.runs} for lane in fitted.lanes}
    fronts = {name: frontier(climb, fitted.rungs) for name, climb in climbs.items()}
    for lane in [lane.name for lane in fitted.lanes if lane.role == "lane"]:
        for target in targets:
            curve = fronts["baseline"].time(target, "examples") / fronts[lane].time(target, "examples")
            cells = [number(float(curve))]
            for race in (fitted, first):
                scored = rescore(race, target, curves=False)
                for c in scored.comparisons:
                    if (c.lane, c.against, c.clock) == (lane, "baseline", "examples"):
                        interval = f" ({number(c.ci_low)} to {number(c.ci_high)})" if c.ci_low or c.ci_high else ""
                        cells.append(f"{number(c.ratio)}{interval}, {c.hits}/{c.against_hits} of {c.pairs}")
            print(f"| {lane} | {target:g} | " + " | ".join(cells) + " |")


def main() -> None:
    fitted, first = (Results.load(Path(path)) for path in sys.argv[1:3])
    print("| lane | smallest budget | hits at each budget |\n|---|---|---|")
    budgets(fitted)
    print("\n| lane | target | frontier ratio | fitted, by seed | first-hit |\n|---|---|---|---|---|")
    best = max(rung.metric for lane in fitted.lanes for rung in lane.rungs)
    low = min(rung.metric for lane in fitted.lanes for rung in lane.rungs)
    grid = sorted({round(t, 3) for t in [*np.linspace(low + 0.005, best - 0.002, 6), fitted.target]})
    ratios(fitted, first, grid)
    print()
    for race in (fitted, first):
        for c in race.comparisons:
            if c.lane.startswith("rs2") and not c.confirmation:
                print(f"{race.protocol} {c.clock}: {c.lane} against {c.against}: {verdict(c)}")


if __name__ == "__main__":
    main()
