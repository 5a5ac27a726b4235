"""The tables of the README, from both races: final accuracy (median and range), and the verdicts on the time to 80%.

python -m benchmarks.rs2.show
"""

from __future__ import annotations

import json
from statistics import median

from benchmarks._files import rows
from benchmarks._run import beside, markdown
from benchmarks._sooner import Evaluation, Run, equal
from benchmarks._verdicts import said, verdict_of
from benchmarks.keep import load

UNKNOWN = float("nan")  # the second race kept no clock at its evaluations: it is compared by examples alone


def dropping() -> list[Run]:
    """The runs of RS2 as it is shipped, which were raced afterwards."""
    return [_run(row) for row in rows(json.loads(beside(__file__, "dropping-short-batches.json").read_text()))]


def _run(row: dict[str, object]) -> Run:
    looks = zip(row["at_step"], row["at_examples"], row["metric"], strict=True)  # type: ignore[call-overload]
    return Run(
        hit=False,
        time_to_target_s=None,
        steps_to_target=None,
        examples_to_target=None,
        final_metric=row["metric"][-1],  # type: ignore[index]
        phases={},
        evaluations=[Evaluation(UNKNOWN, *look) for look in looks],
        budget_s=row["seconds"],  # type: ignore[arg-type]
        **{key: row[key] for key in ("seed", "steps", "examples", "test_metric")},  # type: ignore[arg-type]
    )


def show() -> str:
    kept = load(beside(__file__, "with-short-batches.json"))
    lanes = {lane.name: lane for lane in kept.lanes}
    runs = {"the control": lanes["baseline"].runs, "RS2": dropping()}
    runs |= {"RS2, keeping short batches": lanes["rs2-10"].runs, "static": lanes["static-10"].runs}
    runs = equal(runs)
    table = []
    for name, found in runs.items():
        ends = [100 * run.final_metric for run in found if run.final_metric is not None]
        tests = median(100 * run.test_metric for run in found if run.test_metric is not None)
        table.append([name, f"{median(ends):.2f}% ({min(ends):.1f} to {max(ends):.1f})", f"{tests:.2f}%"])
    verdicts = [
        ["RS2", "examples", verdict_of(runs["RS2"], runs["the control"], "baseline", "examples", kept.target)],
        ["RS2, keeping short batches", "examples", said(kept, "rs2-10", "baseline", "examples")],
        ["RS2, keeping short batches", "wall time", said(kept, "rs2-10", "baseline", "wall")],
        ["static", "wall time", said(kept, "static-10", "baseline", "wall")],
    ]
    tables = [markdown(["lane", "validation", "test"], table), markdown(["lane", "counted in", "verdict"], verdicts)]
    return "\n\n".join(tables)


if __name__ == "__main__":
    print(show())
