"""What kind of verdict a finding is."""

from __future__ import annotations

from typing import Literal

from sooner.results.records import Comparison
from sooner.results.verdict import Finding

Tone = Literal["faster", "slower", "open", "none"]  # "open": no difference shown; "none": no verdict was given

_TONE: dict[Finding, Tone] = {
    Finding.FASTER: "faster",
    Finding.SLOWER: "slower",
    Finding.EQUAL: "open",
    Finding.NOT_FASTER: "open",
    Finding.NO_DIFFERENCE: "open",
    Finding.OPEN: "open",
    Finding.NOT_REACHED: "none",
    Finding.NOT_REACHED_BY_OTHER: "none",
    Finding.NEITHER_REACHED: "none",
    Finding.TOO_FEW_PAIRS: "none",
    Finding.WITHHELD: "none",
}


def tone(comparison: Comparison) -> Tone:
    """What kind of verdict it is."""
    return _TONE[comparison.finding]
