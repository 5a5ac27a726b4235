"""The tables of the README: accuracy at equal examples and the tool's verdicts, per level and method.

python benchmarks/dynamic_pruning/show.py [RESULTS.json ...]
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import mean

from sooner.reporting.wording import verdict
from sooner.results.final_metric import difference, finals
from sooner.results.records import Results
from sooner.results.rescoring import rescore

HERE = Path(__file__).parent
LEVELS = {30: "4.2ep", 50: "3ep", 70: "1.8ep"}


def words(results: Results, lane: str, against: str, clock: str) -> str:
    (found,) = [verdict(c) for c in results.comparisons if (c.lane, c.against, c.clock) == (lane, against, clock)]
    return found


def show(results: Results) -> None:
    lanes = {lane.name: lane for lane in results.lanes}
    print(
        f"\n### {results.task}: {results.data['n_train_and_validation']:,} images, baseline "
        f"{mean(finals(lanes['baseline']).values()):.2f}%\n"
    )
    for level, budget in LEVELS.items():
        control, chance = lanes[f"baseline@{budget}"], lanes[f"dynamic-random-{level}"]
        target = min(finals(control).values()) / 100
        scored = rescore(results, target, curves=False)
        print(f"\n#### {level}% pruned, {budget}; fitted control {mean(finals(control).values()):.2f}%\n")
        print(
            "| method | final | against the fitted control | against dynamic random | verdict in examples to "
            f"{target:.1%}, against the control | on the wall clock |\n|---|---|---|---|---|---|"
        )
        ranked = [lane for lane in results.lanes if lane.role == "lane" and lane.name.endswith(f"-{level}")]
        for lane in sorted(ranked, key=lambda lane: -mean(finals(lane).values())):
            chosen = "" if lane is chance else difference(lane, chance)
            print(
                f"| {lane.name.rsplit('-', 1)[0]} | {mean(finals(lane).values()):.2f}% | {difference(lane, control)} | "
                f"{chosen} | {words(scored, lane.name, control.name, 'examples')} | "
                f"{words(scored, lane.name, control.name, 'wall')} |"
            )


def main() -> None:
    for path in [Path(each) for each in sys.argv[1:]] or sorted(HERE.glob("*.json")):
        show(Results.load(path))


if __name__ == "__main__":
    main()
