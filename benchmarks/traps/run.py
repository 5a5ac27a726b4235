"""How often is the race fooled? Springs every trap, prints the table, keeps what was said.

python -m benchmarks.traps.run [--short] [--only WORDS] [--to FILE]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks._run import beside, markdown, save
from benchmarks.traps import (
    carry_over,
    clocks,
    controls,
    families,
    looks,
    metric_noise,
    pooling,
    programs,
    spreads,
    trust,
)
from benchmarks.traps.trap import Trap

GROUPS = (controls, clocks, programs, looks, metric_noise, families, spreads, carry_over, trust, pooling)


def every() -> list[Trap]:
    """All traps, group by group."""
    return [trap for group in GROUPS for trap in group.traps()]


def spring(traps: Iterable[Trap], *, short: bool = False) -> dict[str, dict[str, Any]]:
    """What came of each trap, by its name; traps that the short form leaves out are not in it."""
    kept = {}
    for trap in traps:
        if short and not trap.short:
            continue
        began = time.perf_counter()
        outcome = trap.spring(trap.short if short else None)
        status = outcome.status(trap.truth)
        kept[trap.name] = {"status": status, **asdict(outcome)}
        print(f"{status:8} {time.perf_counter() - began:5.1f} s  {trap.name}: {outcome.said}", flush=True)
    return kept


def told(outcome: Mapping[str, Any]) -> str:
    """What the race said, and of several races how many were wrong."""
    races = outcome["races"]
    if races == 1:
        return str(outcome["said"])
    share = outcome["wrong"] / races
    error = (share * (1 - share) / races) ** 0.5
    return f"wrong in {share:.1%} ± {error:.1%} of {races} races, such as: {outcome['said']}"


def table(traps: Iterable[Trap], now: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Markdown: trap, truth, what was said before, what is said now."""
    rows = []
    for trap in traps:
        cells = [
            f"**{each[trap.name]['status']}**: {told(each[trap.name])}" if trap.name in each else "not measured"
            for each in (before, now)
        ]
        rows.append([trap.name, trap.truth.words, *cells])
    return markdown(("trap", "truth", "before", "now"), rows)


def counts(outcomes: Mapping[str, Any]) -> str:
    """ "31 right, 4 withheld, 0 wrong"."""
    found = Counter(each["status"] for each in outcomes.values())
    return ", ".join(f"{found[status]} {status}" for status in ("right", "withheld", "wrong"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traps.run", description="Spring every trap.")
    parser.add_argument("--short", action="store_true", help="fewer races a trap; nothing is kept")
    parser.add_argument("--only", default="", metavar="WORDS", help="traps of this name or group; nothing is kept")
    parser.add_argument("--to", type=Path, default=beside(__file__, "results.json"), help="the file to keep them in")
    asked = parser.parse_args()
    traps = [trap for trap in every() if asked.only in f"{trap.group}: {trap.name}"]
    found = spring(traps, short=asked.short)
    print(counts(found))
    if not (asked.short or asked.only):
        save(asked.to, found)


if __name__ == "__main__":
    main()
