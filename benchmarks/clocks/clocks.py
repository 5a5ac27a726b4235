"""The clocks that are set against each other, each from a run's looks, and what they make of a race."""

from __future__ import annotations

import numpy as np
from benchmarks._sooner import ALPHA, Finding, Run, Time, compare, compared, judge
from numpy.typing import NDArray

from sooner.results.steadiness import disturbed

Array = NDArray[np.float64]
CLOCKS = ("wall", "corrected", "own pace")
SHIPPED = "wall, withheld"  # as the race does: no verdict that the measured pace of the machine may explain


def seconds(clock: str, stretches: Array, reference: Array) -> Array:
    """Seconds of each run.

    Args:
        clock: "wall"; "corrected", wall time between looks over the reference's relative pace there; "own pace", of
            versions up to 0.2.0, steps at the run's own median pace.
        stretches: (runs, looks) wall seconds from look to look, with as many steps each.
        reference: (runs, looks + 1) seconds of the fixed workload at every look, the one before the start included.
    """
    match clock:
        case "wall":
            return stretches.sum(axis=1)
        case "corrected":
            relative = reference / np.median(reference)
            between = (relative[:, 1:] + relative[:, :-1]) / 2
            return (stretches / between).sum(axis=1)
        case "own pace":
            # The first stretch is known by its end alone: the clock at it, and from there on steps.
            fixed = stretches[:, 0] - np.median(stretches[:, 1:], axis=1)
            return fixed + np.median(stretches[:, 1:], axis=1) * stretches.shape[1]
    raise ValueError(f"there is no clock {clock}")


def shipped(finding: Finding, mine: Array, theirs: Array, reference: Array) -> Finding:
    """The finding on wall time, withheld where the race withholds it; `reference` is (2 pairs, looks + 1) seconds."""
    means = reference.mean(axis=1)
    lanes = {
        name: [_run(seed, seconds, mean) for seed, (seconds, mean) in enumerate(zip(taken, found, strict=True))]
        for name, taken, found in (("lane", mine, means[: len(mine)]), ("other", theirs, means[len(mine) :]))
    }
    figures = compare([Time(each) for each in mine], [Time(each) for each in theirs], alpha=ALPHA)
    return Finding.WITHHELD if disturbed(compared("lane", "other", figures), lanes) else finding


def _run(seed: int, seconds: float, reference: float) -> Run:
    return Run(seed, True, seconds, None, None, seconds, None, None, {}, [], reference_s=reference)


def says(mine: Array, theirs: Array) -> Finding:
    """The finding of a race in which these (pairs,) seconds were seen."""
    return judge(compare([Time(each) for each in mine], [Time(each) for each in theirs], alpha=ALPHA)).finding


def outcome(finding: Finding, ratio: float) -> str:
    """Whether a finding is right of a lane that is truly `ratio` times as fast as the other: right, wrong or open."""
    if finding not in (Finding.FASTER, Finding.SLOWER):
        return "open"
    return (
        "right" if (finding is Finding.FASTER and ratio > 1) or (finding is Finding.SLOWER and ratio < 1) else "wrong"
    )
