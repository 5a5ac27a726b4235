"""What the same baseline, run in two races, tells of the machine between them."""

from __future__ import annotations

from collections.abc import Mapping

from sooner.results.records import Comparison
from sooner.statistics.signed_rank import MIN_PAIRS


def drift(later: str, first: str, race: str, on: Mapping[str, Comparison]) -> str:
    """One sentence on whether the times of two races can be set against each other.

    Both lanes run one recipe, so on the same seeds their times differ by the machine alone.

    Args:
        later, first: the baselines' names.
        race: what the later race is called.
        on: by clock, the comparison of `later` with `first`.
    """
    wall = on.get("wall")
    pairs = wall.pairs if wall else 0
    if wall is None or pairs < MIN_PAIRS:
        return (
            f"whether the machine was as fast in {race} as before is not known: {later} and {first} have {pairs} seeds "
            f"in common, and it takes {MIN_PAIRS}. Read each lane's ratio to its own race's baseline, and set no "
            "times of different races against each other"
        )
    what = f"{later} against {first}, the same recipe on the same seeds in {race} and before, ran at {_speed(wall)}"
    if not _excludes_one(wall):
        return (
            f"the machine shows no drift between the races: {what}. Smaller differences between lanes of different "
            "races may still be drift"
        )
    calibrated = on.get("calibrated")
    steady = calibrated is not None and calibrated.pairs >= MIN_PAIRS and not _excludes_one(calibrated)
    return (
        f"the machine drifted between the races: {what}. Times of different races cannot be trusted side by side on "
        f"the wall clock{', though the calibrated clock shows no drift' if steady else ' or the calibrated one'}; "
        "ratios to the own race's baseline are as good as ever, and so are examples to the target"
    )


def _excludes_one(found: Comparison) -> bool:
    return (found.ci_low is not None and found.ci_low > 1) or (found.ci_high is not None and found.ci_high < 1)


def _speed(found: Comparison) -> str:
    low, high = found.ci_low, found.ci_high
    if low is not None and high is not None:
        return f"{low:.3g} to {high:.3g} times its speed (95% CI)"
    if low is None and high is None:
        return "a speed that the runs leave open"
    return f"at least {low:.3g} times its speed" if low is not None else f"at most {high:.3g} times its speed"
