"""A verdict in words, for people; programs read `Comparison.finding` instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from sooner.reporting.format import count, join, number_of, seconds
from sooner.results.changes import Change
from sooner.results.records import Comparison
from sooner.results.verdict import Cause, Finding, Reason
from sooner.statistics.signed_rank import min_pairs


def verdict(comparison: Comparison) -> str:
    """One line that says what the comparison shows of its lane, and never more.

    Where censored runs leave a side of the interval open, it gives the known bound and says whose runs missed
    the target. For example "faster: 1.43x (95% CI 1.21 to 1.66, 8 pairs)", or "equal within 10%: 1.01x (95% CI 0.95 to
    1.07 over 3 looks, 12 pairs)".
    """
    c = comparison
    match c.finding:
        case Finding.NEITHER_REACHED:
            return f"neither lane reached the target within its budget: 0 of {number_of(c.pairs, 'run')} each"
        case Finding.NOT_REACHED:
            return f"target not reached: 0 of {number_of(c.pairs, 'run')} within its budget{_bound(c)}"
        case Finding.NOT_REACHED_BY_OTHER:
            return f"target not reached by {c.against}: 0 of {number_of(c.pairs, 'run')} within its budget{_bound(c)}"
        case Finding.TOO_FEW_PAIRS:
            fewest = min_pairs(c.alpha)
            decide = f"; {fewest} can decide" if fewest is not None and fewest > c.pairs else ""
            more = c.pairs_needed is not None and c.pairs_needed > max(c.pairs, fewest or 0)
            return f"too few pairs: {c.pairs}{decide}{f'; about {c.pairs_needed} needed to see 10%' if more else ''}"
        case Finding.FASTER:
            return f"faster: {size_and_basis(c)}"
        case Finding.SLOWER if not c.hits:
            return f"target not reached: 0 of {number_of(c.pairs, 'run')} within its budget; slower{_bound(c, ': ')}"
        case Finding.SLOWER:
            return f"slower: {size_and_basis(c)}"
        case Finding.EQUAL:
            return f"equal within {_margin(c)}: {size_and_basis(c)}"
        case Finding.NOT_FASTER:
            return f"not faster by {_margin(c)}: {size_and_basis(c)}"
        case Finding.NO_DIFFERENCE | Finding.OPEN:
            return f"no difference shown: {size_and_basis(c)}"
        case Finding.WITHHELD:
            return f"verdict withheld, as {', and '.join(map(reason, c.reasons))}: {size_and_basis(c)}"
        case _:
            assert_never(c.finding)


def reason(given: Reason) -> str:
    """A reason as the end of a sentence: "the clock was disturbed"."""
    names = join(list(given.names))
    match given.cause:
        case Cause.CENSORED:
            return "the censored runs leave the ratio open"
        case Cause.FIRST_EVALUATION:
            return "reached by the first evaluation; raise the target or evaluate more often"
        case Cause.RECIPES_DIFFER:
            return f"the lanes also differ in {names}" if names else "the lanes also differ in something else"
        case Cause.CLOCK_DISTURBED:
            return f"the clock was disturbed{f' by {names}' if names else ''}"
        case Cause.CLOCKS_DIFFER:
            return f"the times of {names} are its own word, and the other lane's are the race's"
        case Cause.SEED_IGNORED:
            ignore, their = ("ignore their seeds", "their") if len(given.names) > 1 else ("ignores its seed", "its")
            return f"{names} {ignore}: {their} runs are the same run"
        case Cause.METRIC_INFLATED:
            return f"the validation metric of {names} is further above its test metric, which explains the difference"
        case Cause.LOOKS_UNEQUAL:
            return f"the lanes were not evaluated equally often{f' ({names})' if names else ''}"
        case Cause.INCOMPLETE:
            return "the race is not over"
        case Cause.CONTROL:
            return "a control is not under test"
        case Cause.UNTESTED:
            return f"nothing was shown against {names}, which comes first"
        case _:
            assert_never(given.cause)


_OPTIONS = {"lr": "learning rate"}
_BARE = ("optimizer",)  # fields whose options are known by their own name


def change(given: Change) -> str:
    """What a recipe has otherwise: "learning rate 0.4 to 0.05", "budget 40ep to 20ep", "flip left out"."""
    what = given.field.replace("_", " ")
    if given.option:
        option = _OPTIONS.get(given.option, given.option.replace("_", " "))
        what = option if given.field in _BARE else f"{what} {option}"
    elif given.before is None or given.after is None:
        gone = given.after is None
        return f"{_value(given.before if gone else given.after)} {'left out' if gone else 'added'}"
    return f"{what} {_value(given.before)} to {_value(given.after)}"


def _value(given: Any) -> str:
    if isinstance(given, Mapping) and "name" in given:
        return str(given["name"])
    return f"{given:g}" if isinstance(given, float) else str(given)


def _margin(c: Comparison) -> str:
    return "the difference asked for" if c.detect is None else f"{100 * c.detect:g}%"


def size_and_basis(c: Comparison) -> str:
    """The ratio and what it rests on: "1.43x (95% CI 1.21 to 1.66, 8 pairs)"."""
    return f"{_size(c)} ({_basis(c)})"


def _bound(c: Comparison, before: str = "; ") -> str:
    """What the interval adds where a lane never reached the target."""
    if c.ci_low is None and c.ci_high is None:
        return ""
    return f"{before}{_size(c)} (95% CI{_looks(c)})"


def _size(c: Comparison) -> str:
    low, high = c.ci_low, c.ci_high
    if low is not None and high is not None and c.ratio is not None:
        return _times(c.ratio)
    if low is not None:
        return f"at least {_times(low)}"
    if high is not None:
        return f"at most {_times(high)}"
    return ", and ".join(map(reason, c.reasons)) if c.finding is Finding.OPEN else "the ratio is open"


def _basis(c: Comparison) -> str:
    """What the figures rest on: interval, looks, pairs, and whose runs missed the target."""
    low, high = c.ci_low, c.ci_high
    interval = []
    if low is not None and high is not None:
        interval = [f"95% CI {_times(low)[:-1]} to {_times(high)[:-1]}{_looks(c)}"]
    elif low is not None or high is not None:
        interval = [f"95% CI{_looks(c)}"]
    budget = [f"within {_amount(c)}"] if c.within is not None and c.finding in (Finding.FASTER, Finding.SLOWER) else []
    text = ", ".join([*interval, *budget, number_of(c.pairs, "pair")])
    missed, against_missed = c.pairs - c.hits, c.pairs - c.against_hits
    if missed and against_missed:
        return f"{text}; missed the target in {missed}, {c.against} in {against_missed}"
    if missed:
        return f"{text}; missed the target in {missed}"
    if against_missed:
        return f"{text}; {c.against} missed the target in {against_missed}"
    return text


def _amount(c: Comparison) -> str:
    """The budget that a finding holds within."""
    within = c.within or 0.0
    return seconds(within) if c.clock == "wall" else " ".join([count(within), "examples"])


def _looks(c: Comparison) -> str:
    return f" over {c.looks} looks" if c.looks > 1 else ""


def _times(ratio: float) -> str:
    """Two decimals, more digits where they would hide a small ratio or that it is not 1, fewer for a large one."""
    if ratio >= 10:
        return f"{ratio:.3g}x" if ratio < 1000 else f"{ratio:.0f}x"
    if ratio < 0.1:
        return f"{ratio:.2g}x"
    return f"{ratio:.2f}x" if f"{ratio:.2f}" != "1.00" else f"{ratio:.3f}x".replace("1.000", "1.00")
