"""The tables of the README, from what was said by the race before it was mended and by the race of now."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks._run import beside, markdown
from benchmarks.traps.trap import Trap

BEFORE, NOW, README = (beside(__file__, name) for name in ("before.json", "results.json", "README.md"))
_START, _END = "<!-- the tables, written by benchmarks.traps.run -->", "<!-- the end of the tables -->"

Outcomes = Mapping[str, Mapping[str, Any]]


def told(outcome: Mapping[str, Any] | None) -> str:
    """What the race said, and of several races how many were wrong; None of a trap that was not there yet."""
    if outcome is None:
        return "not measured"
    races, said = outcome["races"], str(outcome["said"]).replace("|", "/")
    if races == 1:
        return f"**{outcome['status']}**: {said}"
    share = outcome["wrong"] / races
    error = (share * (1 - share) / races) ** 0.5
    return f"**{outcome['status']}**, false in {share:.1%} ± {error:.1%} of {races} races: {said}"


def counts(outcomes: Outcomes) -> str:
    """ "31 right, 4 withheld, 0 wrong"."""
    found = Counter(each["status"] for each in outcomes.values())
    return ", ".join(f"{found[status]} {status}" for status in ("right", "withheld", "wrong"))


def tables(traps: Sequence[Trap], before: Outcomes, now: Outcomes) -> str:
    """Markdown, a table for each group: trap, truth, what was said before, what is said now."""
    parts = [f"Before: {counts(before)}. Now: {counts(now)}."]
    for group in dict.fromkeys(trap.group for trap in traps):
        rows = [
            [
                trap.name,
                trap.truth.words,
                *(told(each[trap.name]) if trap.name in each else "" for each in (before, now)),
            ]
            for trap in traps
            if trap.group == group
        ]
        parts += [f"### {group[0].upper()}{group[1:]}", markdown(("trap", "truth", "before", "now"), rows)]
    return "\n\n".join(parts)


def load() -> tuple[Outcomes, Outcomes]:
    """What is kept of before and of now."""
    before, now = (json.loads(path.read_text()) for path in (BEFORE, NOW))
    return before, now


def write(traps: Sequence[Trap]) -> None:
    """Write the tables into the README."""
    text = README.read_text()
    head, _, rest = text.partition(_START)
    README.write_text(f"{head}{_START}\n\n{tables(traps, *load())}\n\n{_END}{rest.partition(_END)[2]}")
