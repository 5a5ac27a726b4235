"""Whether the times of several races may stand side by side, and if not, everything that keeps them apart."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sooner.results.records import Lane, Results

_MACHINE = ("cpu", "cores", "threads", "accelerator", "accelerator_memory_gib", "cuda")
# What computes. Of Python the series alone (its patch releases are equally fast); NumPy, SciPy and what reads the data
# do their work off the clock.
_VERSIONS = ("sooner", "torch", "lightning-fabric")
_DATA = ("fingerprint", "n_train_and_validation", "validation_share")
_MEMORY = 0.02  # relative: what a system reports as its memory differs a little from start to start
_WORDS = ("name", "summary")  # of a recipe: they change nothing
_ABSENT = "none"


@dataclass(frozen=True)
class Difference:
    """Something that must be the same in all races and is not; `values` has every race's own."""

    fact: str
    values: tuple[Any, ...]

    def line(self, names: Sequence[str]) -> str:
        """One line of an error, where the races are called `names`."""
        values = [f"{_shown(value)} in {name}" for value, name in zip(self.values, names, strict=True)]
        return f"{self.fact}: {', '.join(values)}"


def differences(races: Sequence[Results]) -> list[Difference]:
    """What is not alike in `races`: nothing where they may be joined.

    Alike must be: task, metric, target and protocol; the data, by its fingerprint and validation share; the device, the
    processor, its cores and threads, the memory (within 2%) and the accelerator; the versions of sooner, PyTorch,
    Lightning Fabric, CUDA and the series of Python; and the baseline, in everything but its summary.
    """
    facts = [_facts(race) for race in races]
    keys = dict.fromkeys(key for race_facts in facts for key in race_facts)
    values = {key: tuple(race_facts.get(key, _ABSENT) for race_facts in facts) for key in keys}
    return [Difference(key, values[key]) for key in keys if _differ(key, values[key])]


def _facts(race: Results) -> dict[str, Any]:
    baseline = next((lane for lane in race.lanes if lane.role == "baseline"), None)
    return {
        "task": race.task,
        "metric": race.metric,
        "target": race.target,
        "protocol": race.protocol,
        **({"share": race.share, "rungs": race.rungs} if race.rungs else {}),
        **_some("data", race.data, _DATA),
        "device": race.device,
        **_some("machine", race.machine, (*_MACHINE, "memory_gib")),
        **_some("version", race.versions, _VERSIONS),
        "version: python": ".".join(race.versions.get("python", _ABSENT).split(".")[:2]),
        **_baseline(baseline),
    }


def _some(what: str, values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {f"{what}: {key}": values[key] for key in keys if values.get(key) is not None}


def _baseline(lane: Lane | None) -> dict[str, Any]:
    if lane is None:
        return {"baseline": _ABSENT}
    return {
        "baseline": lane.name,
        **{f"baseline: {key}": value for key, value in lane.recipe.items() if key not in _WORDS},
    }


def _differ(key: str, values: Sequence[Any]) -> bool:
    if key == "machine: memory_gib" and _ABSENT not in values:
        return not all(math.isclose(value, values[0], rel_tol=_MEMORY) for value in values)
    return len({json.dumps(value, sort_keys=True, default=str) for value in values}) > 1


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
