"""What the bill says beside the verdict: the ratio of expected times in words, and where it points the other way."""

from __future__ import annotations

from collections.abc import Iterable

from sooner.reporting import format as words
from sooner.reporting.check import Check
from sooner.reporting.summary import own
from sooner.reporting.tones import Tone, tone
from sooner.results.records import Comparison, Results

_TYPICAL: dict[Tone, str] = {
    "faster": "is faster than",
    "slower": "is slower than",
    "open": "is not shown to differ from",
}


def cost_interval(comparison: Comparison) -> str:
    """The interval of the ratio of expected times, as it stands below the ratio: "0.85 to 1.20x"."""
    if comparison.cost_low is None and comparison.cost_high is None:
        return "no interval"
    return words.interval(comparison.cost_low, comparison.cost_high)


def cost(comparison: Comparison) -> str:
    """The ratio of expected times in one line: "1.02x (95% interval 0.85 to 1.20x)"."""
    if comparison.cost_ratio is None:
        return "unknown"
    interval = cost_interval(comparison)
    known = interval if comparison.cost_low is None else f"95% interval {interval}"
    return f"{words.ratio(comparison.cost_ratio)} ({known})"


def bills(results: Results) -> Iterable[Check]:
    """Comparisons whose typical ratio and whose ratio of expected times point in opposite directions.

    One of the two has to be more than chance: a verdict, or an interval of expected times that excludes 1.
    """
    for c in own(results):
        if tone(c) not in _TYPICAL or c.cost_ratio is None or not _apart(c):
            continue
        pays, other = (c.lane, c.against) if c.cost_ratio < 1 else (c.against, c.lane)
        figure = f" ({words.ratio(c.ratio)})" if c.ratio is not None else ""
        yield Check(
            "caution",
            "Typical run and bill",
            f"In a typical pair {c.lane} {_TYPICAL[tone(c)]} {c.against}{figure}, but all runs of {pays} together cost "
            f"more for each that hits than those of {other}: their expected times are in the ratio {cost(c)}. {pays} "
            "sometimes takes very long, or misses. The verdict is on the typical pair; whoever pays for every run "
            "reads the second figure.",
        )


def _apart(c: Comparison) -> bool:
    typical = {"faster": 1, "slower": -1}.get(tone(c), 0)
    bill = int(c.cost_low is not None and c.cost_low > 1) - int(c.cost_high is not None and c.cost_high < 1)
    return typical * _side(c.cost_ratio) < 0 or bill * _side(c.ratio) < 0


def _side(ratio: float | None) -> int:
    return 0 if ratio is None else int(ratio > 1) - int(ratio < 1)
