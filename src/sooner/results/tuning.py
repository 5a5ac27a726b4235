"""How the learning rate of a lane was found, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sooner.statistics.selection import By


@dataclass(frozen=True)
class Trial:
    """A learning rate that was tried.

    Attributes:
        rate: above 0.
        runs: that have ended, each with another seed.
        hits: of them, that reached the target.
        examples: all that they trained on, to the target or to their end, over the hits; None without a hit.
        metric: mean of the last validation metric; None where a run ended without one.
        near: the trials could not tell it from the best.
    """

    rate: float
    runs: int
    hits: int
    examples: float | None
    metric: float | None
    near: bool = False


@dataclass(frozen=True)
class Tuning:
    """The search of a lane's learning rate, before the race and on seeds of its own.

    Attributes:
        own: the rate that the recipe was written with.
        chosen: the one that it was raced at; None while trials are missing.
        trials: one per rate, ascending.
        seeds: that each rate was to be tried with.
        by: "reached" where the examples to the target were compared, "metric" where it was the metric at the end, as no
            trial of the lane reached the target, or under the fitted protocol.
        apart: the least difference that the trials could tell apart, as a share of the examples, or in the metric's
            own unit; None where they say nothing of their noise.
        runs: that were made for it; a lane that would train as an earlier one does shares those of that one.
        seconds: that these took, evaluations included.
    """

    own: float
    chosen: float | None
    trials: list[Trial]
    seeds: int
    by: By
    apart: float | None
    runs: int
    seconds: float

    @property
    def edge(self) -> str:
        """ "lowest" or "highest" where the chosen rate is the last that was tried on its side, else ""."""
        rates = [trial.rate for trial in self.trials]
        if self.chosen is None or self.chosen not in (rates[0], rates[-1]):
            return ""
        return "lowest" if self.chosen == rates[0] else "highest"

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Tuning:
        """Of plain data, whose fields of later versions are ignored."""
        trials = [Trial(**_known(Trial, trial)) for trial in raw["trials"]]
        return cls(**{**_known(cls, raw), "trials": trials})


def luck(*searches: Tuning | None) -> float:
    """How many times as fast as an equally good lane one may be because its search for a rate was luckier, at least 1.

    It is half of the least difference that the trials could tell apart, on a logarithmic scale: one standard error. Of
    verdicts between lanes that are equally good, those beyond it are false about as often as they may be
    (`benchmarks/tuning`). 1 where no search tells.
    """
    known = [each.apart for each in searches if each is not None and each.by == "reached" and each.apart is not None]
    return math.sqrt(1 + max(known, default=0.0))


def _known(record: type, raw: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(record)}
    return {name: value for name, value in raw.items() if name in names}
