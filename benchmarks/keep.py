"""Keep a race as a small file: what cannot be recomputed, one run a line.

    python -m benchmarks.keep races/x benchmarks/x/results.json

`results.json` of a race also holds its comparisons, their curves over all targets, and bands of survival, all of which
follow from the runs. Here a run keeps what it spent, what it came to, and its evaluations: a time depends on all of
them, by the noise that they show. `load` reads such a file, and a race's own `results.json` as well.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks._files import Row, rounded, rows, table, write
from benchmarks._sooner import ALPHA, Evaluation, Lane, Results, Run, equal, rescore, timed

KEPT = 1  # version of the format
_METRIC, _SECONDS = 6, 4  # decimals
_SPLIT = 20  # examples by which a split by classes may miss its share
_DERIVED = ("comparisons", "lanes", "confirmation", "format")


def kept(results: Results) -> dict[str, Any]:
    """What `load` needs to make the race again, ready for JSON."""
    header = {
        key: value for key, value in results.to_dict().items() if key not in _DERIVED and value not in (None, {}, [])
    }
    recipe = results.lanes[0].recipe
    levels = {each.lane: (each.alpha, each.looks) for each in results.comparisons if not each.confirmation}
    of = _counted_of(results)
    runs = [_row(lane.name, run, of) for lane in results.lanes for run in lane.runs]
    fresh = [_row(name, run, of) for name, runs in results.confirmation.items() for run in runs]
    return {
        "kept": KEPT,
        **header,
        **({"metric_of": of} if of else {}),
        "lanes": [_lane(lane, recipe, results, levels.get(lane.name, (ALPHA, 1))) for lane in results.lanes],
        "runs": table(_without_empty(runs), _METRIC),
        **({"confirmation": table(_without_empty(fresh), _METRIC)} if fresh else {}),
    }


def load(path: Path) -> Results:
    """A race as it was kept, its runs timed to its target; or a race's own `results.json`.

    A kept race has no comparisons, unless its verdicts allow for several looks; `rescore` makes them all.
    """
    raw = json.loads(path.read_text())
    if "kept" not in raw:
        return Results.from_json(json.dumps(raw))
    if raw.pop("kept") != KEPT:
        raise ValueError(f"{path} was kept in another format than {KEPT}; keep the race again")
    of = raw.pop("metric_of", None)
    runs, fresh = (rows(raw.pop(key)) if key in raw else [] for key in ("runs", "confirmation"))
    first = raw["lanes"][0]["recipe"]
    levels = {lane["name"]: (lane["level"][0], lane["level"][1]) for lane in raw["lanes"] if "level" in lane}
    lanes = [
        Lane(
            name=lane["name"],
            role=lane["role"],
            recipe={**first, **lane["recipe"]} if lane.get("differs") else lane["recipe"],
            runs=[_run(row, raw["target"], of) for row in runs if row["lane"] == lane["name"]],
            added_for=lane.get("added_for"),
            opponents=lane.get("opponents", []),
            dropped_after=lane.get("dropped_after"),
        )
        for lane in raw.pop("lanes")
    ]
    confirmation: dict[str, list[Run]] = {}
    for row in fresh:
        confirmation.setdefault(row["lane"], []).append(_run(row, raw["target"], of))
    results = Results.from_dict({**raw, "lanes": [], "comparisons": []})
    results = replace(results, lanes=_scored(lanes, results.target), confirmation=confirmation)
    return rescore(results, curves=False, levels=levels) if levels else results


def _scored(lanes: Sequence[Lane], target: float) -> list[Lane]:
    """The lanes with the noise of their metric, which is not kept."""
    runs = equal({lane.name: lane.runs for lane in lanes})
    return [replace(lane, runs=[timed(run, target) for run in runs[lane.name]]) for lane in lanes]


def _lane(lane: Lane, first: Mapping[str, Any], results: Results, level: tuple[float, int]) -> Row:
    """A lane with what its recipe has other than the first lane's."""
    other = {key: value for key, value in lane.recipe.items() if first.get(key) != value}
    against = list(dict.fromkeys(each.against for each in results.comparisons if each.lane == lane.name))
    alike = lane.recipe.keys() == first.keys() and lane.recipe != first
    row = {
        "name": lane.name,
        "role": lane.role,
        "differs": alike or None,
        "opponents": lane.opponents or against,
        "added_for": lane.added_for,
        "dropped_after": lane.dropped_after,
        "level": level if level != (ALPHA, 1) else None,
    }
    return {key: value for key, value in row.items() if value} | {"recipe": other if alike else lane.recipe}


def _counted_of(results: Results) -> int | None:
    """The number of validation examples, where every metric is a share of them: counts are exact, and shorter."""
    data = results.data
    if not data:
        return None
    metrics = {e.metric for lane in results.lanes for run in lane.runs for e in run.evaluations}
    metrics |= {e.metric for runs in results.confirmation.values() for run in runs for e in run.evaluations}
    about = round(data["n_train_and_validation"] * data["validation_share"])
    sizes = range(max(1, about - _SPLIT), about + _SPLIT + 1)
    return next((n for n in sizes if all(round(each * n) / n == each for each in metrics)), None)


def _row(lane: str, run: Run, of: int | None) -> Row:
    looks = run.evaluations
    climb = bool(looks) and looks[0].budget is not None
    if run.final_metric != (looks[-1].metric if looks else None):
        raise ValueError(
            f"{lane}, seed {run.seed}: the final metric {run.final_metric} is not that of its last evaluation"
        )
    return {
        "lane": lane,
        "seed": run.seed,
        "steps": run.steps,
        "examples": run.examples,
        "seconds": round(run.budget_s, _SECONDS),
        "test_metric": run.test_metric,
        "flops": None if run.flops is None else round(run.flops),
        "sparse_flops": None if run.sparse_flops is None else round(run.sparse_flops),
        "energy_joules": run.energy_joules,
        "stopped": run.stopped,
        "at_budget": [each.budget for each in looks] if climb else None,
        "at_step": [each.step for each in looks],
        "at_examples": [each.examples for each in looks],
        "at_seconds": rounded([each.seconds for each in looks], _SECONDS),
        "metric": [round(each.metric * of) if of else each.metric for each in looks],
    }


def _without_empty(found: Sequence[Row]) -> list[Row]:
    """Columns that no run has a value in are left out."""
    return [{key: row[key] for key in row if any(each[key] is not None for each in found)} for row in found]


def _run(row: Row, target: float, of: int | None) -> Run:
    metric = [each / of if of else each for each in row["metric"]]
    evaluations = [
        Evaluation(*each)
        for each in zip(
            *(row[key] for key in ("at_seconds", "at_step", "at_examples")),
            metric,
            row.get("at_budget") or [None] * len(metric),
            strict=True,
        )
    ]
    run = Run(
        seed=row["seed"],
        hit=False,
        time_to_target_s=None,
        steps_to_target=None,
        examples_to_target=None,
        budget_s=row["seconds"],
        final_metric=metric[-1] if metric else None,
        test_metric=row["test_metric"],
        phases={},
        evaluations=evaluations,
        steps=row["steps"],
        examples=row["examples"],
        **{key: row.get(key) for key in ("flops", "sparse_flops", "energy_joules", "stopped")},
    )
    return timed(run, target)


def keep(race: Path, to: Path) -> None:
    """Keep the race in that folder, or its `results.json`, in the file `to`; see `kept`."""
    write(to, kept(Results.load(race / "results.json" if race.is_dir() else race)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keep", description="Keep a race as a small file.")
    parser.add_argument("race", type=Path, help="its folder, or its results.json")
    parser.add_argument("to", type=Path, help="the file to write")
    asked = parser.parse_args()
    keep(asked.race, asked.to)
    print(f"{asked.to}: {asked.to.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
