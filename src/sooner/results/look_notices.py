"""Notices about where and when lanes were evaluated, see `notices`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class LooksLeftOut:
    """Of the `looks` that `lane` had, `left_out` were not scored, because `coarsest` was looked at so seldom.

    It was every so many examples, or seconds where not all lanes count `examples`.
    """

    kind: ClassVar[str] = "looks_left_out"
    lane: str
    left_out: int
    looks: int
    coarsest: str
    every: float
    examples: bool


@dataclass(frozen=True)
class LooksSkipped:
    """The metric of `lane` never falls, and this share of its looks is missing or repeats the one before."""

    kind: ClassVar[str] = "looks_skipped"
    lane: str
    share: float


@dataclass(frozen=True)
class EndedAtTarget:
    """So many of the `runs` of `lane` ended at their first look at the target, which no other confirms."""

    kind: ClassVar[str] = "ended_at_target"
    lane: str
    count: int
    runs: int
