"""What a comparison shows, as data: a finding of a closed set, and the reasons for one that decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sooner.statistics.comparison import ComparisonFigures, cannot_win, decided
from sooner.statistics.signed_rank import min_pairs


class Finding(StrEnum):
    """What a comparison shows of its lane, and never more. The values are those of `results.json`."""

    FASTER = "faster"  # shown to reach the target sooner, within the budget where runs missed it
    SLOWER = "slower"  # the reverse
    EQUAL = "equal"  # no difference as large as `detect` is left in the interval
    NOT_FASTER = "not_faster"  # no gain as large as `detect` is
    NO_DIFFERENCE = "no_difference"  # none was shown, which is no proof that there is none
    NOT_REACHED = "not_reached"  # by no run of the lane, and the interval says no more
    NOT_REACHED_BY_OTHER = "not_reached_by_other"
    NEITHER_REACHED = "neither_reached"
    OPEN = "open"  # neither side of the interval is known; the reason says why
    TOO_FEW_PAIRS = "too_few_pairs"  # for any verdict
    WITHHELD = "withheld"  # the figures are there, but the reasons forbid to conclude from them


class Cause(StrEnum):
    """Why a comparison decides nothing. The values are those of `results.json`."""

    CENSORED = "censored"  # runs that missed the target leave both sides open
    FIRST_EVALUATION = "first_evaluation"  # the target was reached by the first one, so when is not known
    RECIPES_DIFFER = "recipes_differ"  # in more than what is compared; `names` says in which fields
    CLOCK_DISTURBED = "clock_disturbed"  # `names` says by what, where it is known
    CLOCKS_DIFFER = "clocks_differ"  # one is timed by the race, `names` by their own word
    LOOKS_UNEQUAL = "looks_unequal"  # the lanes were not evaluated equally often
    INCOMPLETE = "incomplete"  # a race of a fixed number of pairs that is not over
    CONTROL = "control"  # the lane is a control: it is compared with, and not under test
    UNTESTED = "untested"  # the comparison with `names`, which comes before, showed nothing


@dataclass(frozen=True)
class Reason:
    """One cause; `names` are what it is about, such as the recipe's fields that differ."""

    cause: Cause
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A finding, with its reasons where it is `OPEN` or `WITHHELD`; other findings have none."""

    finding: Finding
    reasons: tuple[Reason, ...] = ()


def judge(figures: ComparisonFigures, *, detect: float | None = None) -> Verdict:
    """What the figures show.

    Faster, slower and "no difference" need as many pairs as the test can decide with, six where their number was
    fixed before the race. A lane that never reached the target may still be shown to be slower, by the budgets that
    it spent.

    Args:
        figures: from `compare`.
        detect: the smallest difference of speed that matters, above 0. With it a race that shows no difference may
            still show that there is none so large, or that the lane is not that much faster.
    """
    if figures.pairs and not figures.hits and not figures.against_hits:
        return Verdict(Finding.NEITHER_REACHED)
    shown = _shown(figures)
    if figures.pairs and not figures.hits:
        return Verdict(shown or Finding.NOT_REACHED)
    fewest = min_pairs(figures.alpha)
    if fewest is None or figures.pairs < fewest:
        return Verdict(Finding.TOO_FEW_PAIRS)
    if shown:
        return Verdict(shown)
    if detect is not None and decided(figures, detect=detect):
        return Verdict(Finding.EQUAL)
    if detect is not None and cannot_win(figures, detect=detect):
        return Verdict(Finding.NOT_FASTER)
    if not figures.against_hits:
        return Verdict(Finding.NOT_REACHED_BY_OTHER)
    if figures.ci_low is None and figures.ci_high is None:
        # With every run a hit, only first evaluations hide a time.
        hits = figures.hits == figures.against_hits == figures.pairs
        return Verdict(Finding.OPEN, (Reason(Cause.FIRST_EVALUATION if hits else Cause.CENSORED),))
    return Verdict(Finding.NO_DIFFERENCE)


def _shown(figures: ComparisonFigures) -> Finding | None:
    if figures.ahead > 0 or (figures.ci_low is not None and figures.ci_low > 1):
        return Finding.FASTER
    if figures.ahead < 0 or (figures.ci_high is not None and figures.ci_high < 1):
        return Finding.SLOWER
    return None
