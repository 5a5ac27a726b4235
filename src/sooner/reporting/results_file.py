"""The text of `results.json`: a race's results as data, and beside the data what it says in words."""

from __future__ import annotations

import json

from sooner.reporting import wording
from sooner.reporting.costs import cost
from sooner.reporting.notices import notice
from sooner.reporting.rates import told
from sooner.results.records import Results


def results_json(results: Results) -> str:
    """What is written as `results.json`; `Results.load` reads it, and ignores the words.

    The words are for people: each comparison's `verdict` and `cost`, the `told` of a lane's `tuning`, and `warnings`,
    one line per notice. What counts are the fields that they are made from, `finding`, `reasons` and the figures, and
    `notices`.
    """
    data = results.to_dict()
    for key, comparisons in (("comparisons", results.comparisons), ("earlier", results.earlier)):
        for comparison, raw in zip(comparisons, data[key], strict=True):
            raw["verdict"] = wording.verdict(comparison)
            raw["cost"] = cost(comparison)
    for lane, raw in zip(results.lanes, data["lanes"], strict=True):
        if lane.tuning is not None:
            raw["tuning"]["told"] = told(lane.tuning)
    data["warnings"] = [notice(noted) for noted in results.notices]
    return json.dumps(data, indent=1, allow_nan=False) + "\n"
