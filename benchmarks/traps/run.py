"""How often is the race fooled? Springs every trap, prints the table, keeps what was said.

python -m benchmarks.traps.run [--short] [--only WORDS] [--to FILE]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks._run import save
from benchmarks.traps import (
    carry_over,
    clocks,
    controls,
    families,
    looks,
    metric_noise,
    pooling,
    programs,
    show,
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traps.run", description="Spring every trap.")
    parser.add_argument("--short", action="store_true", help="fewer races a trap; nothing is kept")
    parser.add_argument("--only", default="", metavar="WORDS", help="traps of this name or group; nothing is kept")
    parser.add_argument("--to", type=Path, default=show.NOW, help="the file to keep what was said in")
    asked = parser.parse_args()
    traps = [trap for trap in every() if asked.only in f"{trap.group}: {trap.name}"]
    found = spring(traps, short=asked.short)
    print(show.counts(found))
    if not (asked.short or asked.only):
        save(asked.to, found)
        show.write(every())


if __name__ == "__main__":
    main()
