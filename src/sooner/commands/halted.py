"""A race that stopped at a run that failed, in words: what happened, and how to go on."""

from __future__ import annotations

import shlex
from pathlib import Path

from sooner.racing import scale
from sooner.racing.failure import Halt
from sooner.racing.record import RunRecord
from sooner.reporting.format import number_of
from sooner.reporting.notices import notice


def outcome(halt: Halt, records: list[RunRecord], folder: Path | None) -> str:
    """What became of the race, with the last line of what the run wrote."""
    last = (halt.record.output or "").rpartition("\n")[2].strip()
    kept = f"; {number_of(len(records), 'run')} kept" + (f" in {folder}" if folder else "")
    return f"stopped: {_what(halt)}{kept}" + (f"\nits last words: {last}" if last else "")


def told(halt: Halt) -> str:
    """What happened, with the last that the run wrote."""
    text = f"the race was stopped: {_what(halt)}"
    if halt.record.output:
        text += "; the last that it wrote:\n" + "\n".join(f"    {line}" for line in halt.record.output.split("\n"))
    return text


def advice(halt: Halt, records: list[RunRecord], folder: Path, engine: str) -> str:
    """What a user of the command line can do, one line each."""
    resume = f"sooner race --resume {shlex.quote(str(folder))}{'' if engine == 'local' else f' --engine {engine}'}"
    lines = ["All that has ended is kept."]
    if halt.doubt is None:
        lines.append(f"Once it is mended, repeat what failed:    {resume} --retry failed")
    believed = " --retry failed" if scale.refused(halt.record.stopped or "") else ""
    lines.append(f"To go on, whatever becomes of the others: {resume}{believed} --keep-going")
    if not any(record.looks for record in records):
        lines.append(
            "No run has given a metric yet: where the command, --metric or --target is wrong, start another race."
        )
    return "\n".join(lines)


def _what(halt: Halt) -> str:
    if halt.doubt is not None:
        return notice(halt.doubt)
    return f"{halt.record.lane} with seed {halt.record.seed} failed: {halt.record.stopped}"
