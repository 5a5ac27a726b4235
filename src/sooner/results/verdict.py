"""What a comparison shows, in words."""

from __future__ import annotations

from sooner.statistics.comparison import ComparisonFigures, cannot_win, decided
from sooner.statistics.signed_rank import min_pairs

_UNSHOWN = "no difference shown"


def verdict(figures: ComparisonFigures, against: str = "the other lane", *, detect: float | None = None) -> str:
    """One line that says what the figures show of the lane, and never more.

    Faster, slower and "no difference shown" are said only from as many pairs on as the test can decide with, six where
    their number was fixed before the race. Where censored runs leave a side of the interval open, the line gives the
    bound that there is and tells whose runs missed the target.

    Args:
        figures: from `compare`.
        against: the other lane's name.
        detect: the smallest difference of speed that matters, above 0. With it a race that shows no difference may
            still show that there is none so large ("equal within 10%"), or that the lane is not that much faster.

    Returns:
        For example "faster: 1.43x (95% CI 1.21 to 1.66, 8 pairs)", or "equal within 10%: 1.01x (95% CI 0.95 to 1.07
        over 3 looks, 12 pairs)".
    """
    pairs = figures.pairs
    if pairs and not figures.hits and not figures.against_hits:
        return f"neither lane reached the target: 0 of {pairs} runs each within its budget"
    if pairs and not figures.hits:
        return f"target not reached: 0 of {pairs} runs within its budget{_shown(figures)}"
    fewest = min_pairs(figures.alpha)
    if fewest is None or pairs < fewest:
        more = f"; about {figures.pairs_needed} needed to see 10%" if figures.pairs_needed > pairs else ""
        return f"too few pairs: {pairs}{more}"
    finding = _finding(figures, detect)
    if not figures.against_hits and finding == _UNSHOWN:
        return f"target not reached by {against}: 0 of {pairs} runs within its budget{_shown(figures)}"
    return f"{finding}: {_size(figures)} ({_basis(figures, against)})"


def _finding(figures: ComparisonFigures, detect: float | None = None) -> str:
    if figures.ci_low is not None and figures.ci_low > 1:
        return "faster"
    if figures.ci_high is not None and figures.ci_high < 1:
        return "slower"
    if detect is not None and decided(figures, detect=detect):
        return f"equal within {100 * detect:g}%"
    if detect is not None and cannot_win(figures, detect=detect):
        return f"not faster by {100 * detect:g}%"
    return _UNSHOWN


def _size(figures: ComparisonFigures) -> str:
    low, high = figures.ci_low, figures.ci_high
    if low is not None and high is not None and figures.ratio is not None:
        return _times(figures.ratio)
    if low is not None:
        return f"at least {_times(low)}"
    if high is not None:
        return f"at most {_times(high)}"
    if figures.hits == figures.against_hits == figures.pairs:  # with every run a hit, only first looks hide a time
        return "reached by the first evaluation, evaluate more often"
    return "the censored runs leave the ratio open"


def _basis(figures: ComparisonFigures, against: str) -> str:
    low, high = figures.ci_low, figures.ci_high
    interval = []
    if low is not None and high is not None:
        interval = [f"95% CI {_times(low)[:-1]} to {_times(high)[:-1]}"]
    elif low is not None or high is not None:
        interval = ["95% CI"]
    if interval and figures.looks > 1:
        interval[0] += f" over {figures.looks} looks"
    text = ", ".join([*interval, f"{figures.pairs} pairs"])
    missed, against_missed = figures.pairs - figures.hits, figures.pairs - figures.against_hits
    if missed and against_missed:
        return f"{text}; missed the target in {missed}, {against} in {against_missed}"
    if missed:
        return f"{text}; missed the target in {missed}"
    if against_missed:
        return f"{text}; {against} missed the target in {against_missed}"
    return text


def _shown(figures: ComparisonFigures) -> str:
    """What the interval adds to a lane that never reached the target."""
    if figures.ci_low is None and figures.ci_high is None:
        return ""
    found = _finding(figures)
    looks = f" over {figures.looks} looks" if figures.looks > 1 else ""
    return f"; {'' if found == _UNSHOWN else found + ': '}{_size(figures)} (95% CI{looks})"


def _times(ratio: float) -> str:
    """Two decimals, more digits where they would hide a small ratio or that it is not 1, fewer for a large one."""
    if ratio >= 10:
        return f"{ratio:.3g}x" if ratio < 1000 else f"{ratio:.0f}x"
    if ratio < 0.1:
        return f"{ratio:.2g}x"
    return f"{ratio:.2f}x" if f"{ratio:.2f}" != "1.00" else f"{ratio:.3f}x".replace("1.000", "1.00")
