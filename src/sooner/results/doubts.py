"""What in the runs of a race speaks against taking its verdicts at their word, all of it in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sooner.results import beginnings, evaluating, firsts, gaps, seeds, starts
from sooner.results.records import Comparison, Lane, Run
from sooner.results.suspicions import Suspicion
from sooner.results.verdict import Finding, Reason


def notices(lanes: Sequence[Lane], target: float) -> list[Suspicion]:
    """What a reader should know of the lanes of one race to this target."""
    return [*over_pairs(lanes, target), *firsts.notices(lanes, target)]


def over_pairs(lanes: Sequence[Lane], target: float) -> list[Suspicion]:
    """That of it which pairs show, of several races as well, and not their order."""
    return [
        *seeds.notices(lanes),
        *gaps.notices(lanes),
        *evaluating.notices(lanes),
        *beginnings.notices(lanes, target),
        *starts.notices(lanes),
    ]


def reasons(
    comparison: Comparison, runs: Mapping[str, Sequence[Run]], again: Callable[[float, float], Finding]
) -> list[Reason]:
    """Why a verdict, on whichever clock, is to be withheld; see `gaps.inflated` for `again`."""
    found = [seeds.ignored(comparison, runs), gaps.inflated(comparison, runs, again)]
    return [reason for reason in found if reason]
