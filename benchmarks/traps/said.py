"""What a race says: its findings, and the sentences around them. All that depends on their words is here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks._sooner import Comparison, Finding, Results, checks, headlines

_CLOCKS = ("wall", "calibrated", "examples")

# Statements that a race may make, by patterns of which one must be found in its sentences. The first is made by
# an honest race (see `controls`), so a change of its words does not go unnoticed.
STATEMENTS = {
    "the method itself pays": r"[Tt]he method itself pays",
    "the choice of examples pays": r"[Tt]he choice of examples pays",
    "training for less may explain it": r"training for less may explain the gain|training for less pays better",
    "both clocks agree": r"^Both clocks agree: ",
    "trust the calibrated clock": r"trust the calibrated|calibrated clock is the one to read",
    "the target was fixed before": r"(?<!not )fixed before the race",
    "the clock starts with the program": r"clock starts with the (program|process)",
}


@dataclass(frozen=True)
class Said:
    """What one race says.

    Attributes:
        findings: (clock, finding) of every comparison of a lane under test with the baseline and its controls.
        short: the same in words, shortened to those that say most.
        sentences: all that stands around the figures.
        cautions: those of them in which a reader is warned: the headlines, and the checks that are not good.
    """

    findings: tuple[tuple[str, Finding], ...]
    short: str
    sentences: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


def states(said: Said, name: str) -> bool:
    """Whether the race makes the statement of that name in `STATEMENTS`."""
    return any(re.search(STATEMENTS[name], sentence) for sentence in said.sentences)


def said_of(results: Results, *, sentences: Iterable[str] = ()) -> Said:
    """What a race says of its lanes under test; `sentences` stand beside those of its report."""
    lanes = {lane.name for lane in results.lanes if lane.role == "lane"}
    compared = [c for c in results.comparisons if c.lane in lanes and not c.confirmation]
    looked = checks(results)
    told = [f"{each.lane.name} {each.sentence}" for each in headlines(results)]
    warned = [f"{check.subject}: {check.text}" for check in looked if check.level != "good"]
    good = [f"{check.subject}: {check.text}" for check in looked if check.level == "good"]
    return Said(
        findings=tuple((c.clock, c.finding) for c in compared),
        short=_short(compared),
        sentences=(*told, *warned, *good, *sentences),
        cautions=(*told, *warned),
    )


def measured(false: bool, words: str) -> Said:
    """What figures show that are not a verdict: whether one lane has an advantage that it should not have."""
    return Said((("wall", Finding.FASTER if false else Finding.NO_DIFFERENCE),), words)


def _short(compared: list[Comparison]) -> str:
    """The verdict on each clock; of many lanes, the first that claims a difference."""
    claims = (Finding.FASTER, Finding.SLOWER, Finding.NOT_REACHED_BY_OTHER, Finding.NOT_REACHED)
    words = []
    for clock in _CLOCKS:
        there = [c for c in compared if c.clock == clock]
        chosen = next((c for c in there if c.finding in claims), there[0] if there else None)
        if chosen:
            words.append(f"{clock}: {chosen.finding.value.replace('_', ' ')}{_figure(chosen)}")
    return "; ".join(words)


def _figure(c: Comparison) -> str:
    if c.ratio is not None:
        return f" {c.ratio:.3g}x"
    bounds = [f" {words} {bound:.3g}x" for words, bound in (("at least", c.ci_low), ("at most", c.ci_high)) if bound]
    return bounds[0] if len(bounds) == 1 else ""
