"""What the races of this folder found, as the tables of its README: budgets, times, and both protocols' ratios.

python -m benchmarks.fitted_frontier.show FITTED.json FIRST_HIT.json
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import numpy as np
from benchmarks._run import markdown
from benchmarks._sooner import Results, compare_runs, frontier, rescore, timed
from benchmarks._verdicts import Clock, said
from benchmarks.keep import load


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"


def budgets(fitted: Results) -> str:
    rows = [
        [
            lane.name,
            str(lane.smallest_budget),
            ", ".join(f"{rung.budget} {rung.hits}/{rung.runs}" for rung in lane.rungs),
        ]
        for lane in rescore(fitted, curves=False).lanes
    ]
    return markdown(["lane", "smallest budget", "hits at each budget"], rows)


def ratio(race: Results, lane: str, target: float) -> str:
    """Against the baseline, in examples, which no machine disturbs; and how many runs of each reach the target."""
    runs = {each.name: [timed(run, target) for run in each.runs] for each in race.lanes}
    found = compare_runs(runs[lane], runs["baseline"], target, "examples")
    if found is None:
        return ""
    interval = f" ({number(found.ci_low)} to {number(found.ci_high)})" if found.ci_low or found.ci_high else ""
    return f"{number(found.ratio)}{interval}, {found.hits}/{found.against_hits} of {found.pairs}"


def ratios(fitted: Results, first: Results, targets: list[float]) -> str:
    climbs = {lane.name: {run.seed: run.evaluations for run in lane.runs} for lane in fitted.lanes}
    fronts = {name: frontier(climb, fitted.rungs) for name, climb in climbs.items()}
    rows = []
    for lane in [lane.name for lane in fitted.lanes if lane.role == "lane"]:
        for target in targets:
            curve = fronts["baseline"].time(target, "examples") / fronts[lane].time(target, "examples")
            cells = [ratio(race, lane, target) for race in (fitted, first)]
            rows.append([lane, f"{target:g}", number(float(curve)), *cells])
    return markdown(["lane", "target", "frontier", "fitted, by seed", "first-hit"], rows)


def show(fitted: Results, first: Results) -> str:
    ends = [rung.metric for lane in rescore(fitted, curves=False).lanes for rung in lane.rungs]
    spread = np.linspace(min(ends) + 0.005, max(ends) - 0.002, 6)
    targets = sorted({round(float(target), 3) for target in [*spread, fitted.target]})
    lines = [
        f"{race.protocol} {clock}: {lane.name} against {other}: {said(race, lane.name, other, clock)}"
        for race in (fitted, first)
        for lane in race.lanes
        if lane.role == "lane"
        for other in lane.opponents
        for clock in get_args(Clock)
    ]
    return "\n\n".join([budgets(fitted), ratios(fitted, first, targets), "\n".join(lines)])


def main() -> None:
    fitted, first = (load(Path(path)) for path in sys.argv[1:3])
    print(show(fitted, first))


if __name__ == "__main__":
    main()
