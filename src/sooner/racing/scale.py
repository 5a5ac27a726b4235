"""Whether a metric and its target are on the same scale: a percentage against a share, or the other way round."""

from __future__ import annotations

from collections.abc import Sequence

from sooner.results.notices import ScaleDoubted
from sooner.training.evaluation import Evaluation

_LOOKS = "looks like a percentage against a share"
_NEAR = 0.5  # of the target, from which on a share that misses it looks like the same thing as a percentage


def exceeds(metric: float, target: float) -> bool:
    """Whether a metric in (1, 100] stands against a target in (0, 1], which it would reach whatever it means.

    Losses raced as their negatives, and targets above 1 or below 0, are never meant. A score that may pass 1 is.
    """
    return 0 < target <= 1 < metric <= 100


def falls_short(metrics: Sequence[float], target: float) -> bool:
    """Whether all metrics of a run are in [0, 1] against a target in (1, 100], and as percentages would come near it.

    The best of them, times 100, is at least half the target: a score that is still far from its target is not meant.
    """
    shares = all(0 <= metric <= 1 for metric in metrics)
    return 1 < target <= 100 and shares and 100 * max(metrics, default=0.0) >= _NEAR * target


def doubt(lane: str, looks: Sequence[Evaluation], target: float) -> ScaleDoubted | None:
    """What a reader should know of a run of `lane` that looked like this, None where the scales may well agree."""
    metrics = [look.metric for look in looks]
    beyond = next((metric for metric in metrics if exceeds(metric, target)), None)
    if beyond is not None:
        return ScaleDoubted(lane, beyond, target)
    return ScaleDoubted(lane, max(metrics), target) if falls_short(metrics, target) else None


def refusal(metric: float, target: float) -> str:
    """Why a run is not believed whose metric `exceeds` the target."""
    return (
        f"its metric {metric:.6g} against the target {target:.6g} {_LOOKS}: race to the target {100 * target:.6g}, or "
        f"give the metric as {metric / 100:.6g}; where both are meant so, --keep-going (keep_going=True) believes them"
    )


def refused(reason: str) -> bool:
    """Whether a run ended for a `refusal`."""
    return _LOOKS in reason
