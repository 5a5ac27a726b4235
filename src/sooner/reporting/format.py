"""Figures in words: the same wording of times, shares and ratios on the page and in the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from sooner._words import number_of as number_of
from sooner.results.records import Comparison, Results
from sooner.statistics.signed_rank import min_pairs


def seconds(value: float) -> str:
    """A duration to three figures: "0.852 s", "12.3 s", "2 min 05 s", "1 h 12 min"."""
    if value < 60:
        return f"{significant(value)} s"
    if value < 3600:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes} min {rest:02d} s"
    hours, rest = divmod(round(value / 60), 60)
    return f"{hours} h {rest:02d} min"


def seconds_range(low: float | None, high: float | None) -> str:
    """The range of a duration: "20.1 s to 25.3 s"; a side that is not known is open."""
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"at least {seconds(low)}" if low is not None else f"at most {seconds(high or 0.0)}"
    return f"{seconds(low)} to {seconds(high)}"


def money(value: float) -> str:
    """An amount in the user's currency: two decimals, more where they would hide it."""
    return f"{value:,.2f}" if value >= 1 or value == 0 else significant(value)


def energy(joules: float) -> str:
    """Energy to three figures: "85.0 J", "12.3 kJ", "1.20 MJ"."""
    for size, unit in ((1e6, "MJ"), (1e3, "kJ")):
        if joules >= size:
            return f"{significant(joules / size)} {unit}"
    return f"{significant(joules)} J"


def significant(value: float) -> str:
    """Three significant figures, never in exponent form: "0.0123", "1.20", "45.6", "123"."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:#.3g}" if abs(value) >= 1e-4 else f"{value:.6f}"


def count(value: float) -> str:
    """A large number in short: "950", "12.3k", "4.00M", "1.20G"."""
    for size, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return significant(value / (1e3 if suffix == "k" else size)) + suffix
    return f"{value:.0f}"


def ratio(value: float | None) -> str:
    """A ratio of times: "1.43x"; "unknown" where the runs do not determine it."""
    return "unknown" if value is None else f"{_times(value)}x"


def _times(value: float) -> str:
    """Two decimals, as the race's verdicts have them; more where they would hide that it is not 1, or all of it."""
    if not 0.1 <= value < 10:
        return significant(value)
    return f"{value:.2f}" if f"{value:.2f}" != "1.00" else f"{value:.3f}".replace("1.000", "1.00")


def interval(low: float | None, high: float | None) -> str:
    """A 95% interval of a ratio, where None is the side that censored runs leave open."""
    if low is None and high is None:
        return "open on both sides"
    if high is None:
        return f"at least {ratio(low)}"
    if low is None:
        return f"at most {ratio(high)}"
    return f"{_times(low)} to {ratio(high)}"


def p_value(value: float | None) -> str:
    """A p-value to three decimals."""
    if value is None:
        return "unknown"
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def undecidable(comparison: Comparison) -> bool:
    """Whether it has too few pairs for any verdict at its level, and so no interval."""
    fewest = min_pairs(comparison.alpha)
    return fewest is None or comparison.pairs < fewest


def interval_of(comparison: Comparison) -> str:
    """The interval of a comparison, which has none with too few pairs."""
    if undecidable(comparison):
        return "no interval"
    return interval(comparison.ci_low, comparison.ci_high)


def short_interval(comparison: Comparison) -> str:
    """The same for narrow columns: "1.21–1.66", or the one side that is known; nothing with too few pairs."""
    low, high = comparison.ci_low, comparison.ci_high
    if undecidable(comparison):
        return ""
    if low is not None:
        return f"≥{_times(low)}" if high is None else f"{_times(low)}–{_times(high)}"
    return "open" if high is None else f"≤{_times(high)}"


def ratio_and_interval(comparison: Comparison) -> str:
    """Both in one line: "1.43x (1.21 to 1.66x)"."""
    return f"{ratio(comparison.ratio)} ({interval_of(comparison)})"


def metric(results: Results, value: float | None) -> str:
    """A value of the race's metric: a share as a percentage, with a second decimal where the target needs one."""
    if value is None:
        return "none"
    if not is_share(results):
        return f"{value:.4g}"
    return f"{value:.{2 if results.target >= 0.99 else 1}%}"


def metric_range(results: Results, low: float, high: float) -> str:
    """A range of it in short: "92.3–93.1%"."""
    return f"{metric(results, low).removesuffix('%')}–{metric(results, high)}"


def target(results: Results) -> str:
    """The target, with as many figures as it was given with."""
    return f"{100 * results.target:.6g}%" if is_share(results) else f"{results.target:g}"


def goal(results: Results) -> str:
    """The metric and its target: "90% accuracy"."""
    return f"{target(results)} {results.metric}" if is_share(results) else f"{results.metric} {target(results)}"


def is_share(results: Results) -> bool:
    """Whether the metric is a share in [0, 1], to be shown in per cent."""
    return results.metric == "accuracy"


def moment(iso: str) -> str:
    """An ISO 8601 time as "21 November 2026, 07:30 UTC"; anything else as it is."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def join(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    text = text.strip()
    return text[:1].upper() + stopped(text[1:])


def stopped(text: str) -> str:
    """The text with a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


class Wording(Protocol):
    """Says a number in words."""

    def __call__(self, value: float, /) -> str: ...
