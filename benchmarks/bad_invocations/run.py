"""1,000 bad invocations: none may end in a traceback, none may cost a finished run.

    python -m benchmarks.bad_invocations.run [--count 1000] [--seed 0]

Each invocation runs in this process, as the command line's `main`. It passes if it ends with status 0, 2 or 130
and, where it failed, says why in words; and if the finished race beside it still holds every run, byte for byte.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import random
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from benchmarks._run import beside, save
from benchmarks.bad_invocations.generate import KINDS, QUICK, Case

from sooner import cli

ALLOWED = (0, 2, 130)


def invoke(arguments: list[str]) -> tuple[int | str, str]:
    """The exit status, or the traceback, of the command line with these arguments, and what it printed."""
    out, before = io.StringIO(), sys.argv
    sys.argv = ["sooner", *arguments]
    status: int | str = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            cli.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else str(end.code)
        except BaseException:
            status = traceback.format_exc()
        finally:
            sys.argv = before
    return status, out.getvalue()


def fault(case: Case, status: int | str, printed: str, kept: str) -> str | None:
    """What is wrong with how the invocation ended, or None."""
    if status not in ALLOWED:
        return f"ended with {status}"
    if "Traceback" in printed and case.kind != "program":  # a program's own may be shown
        return f"printed a traceback: {printed}"
    if status == 2 and not printed.strip():
        return "failed without a word"
    if case.keeps is not None and digest(case.keeps) != kept:
        return "changed a finished race"
    return None


def digest(folder: Path) -> str:
    """Of the finished runs: the store's bytes."""
    return hashlib.sha256((folder / "race.db").read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    faults = []
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        finished = Path(home) / "finished"
        status, printed = invoke(["race", "digits", *QUICK, "--target", "0.5", "--out", str(finished)])
        assert status == 0, printed
        kept = digest(finished)
        for number in range(asked.count):
            draw = random.Random(f"{asked.seed}/{number}")
            folder = Path(home) / str(number)
            folder.mkdir()
            case = KINDS[number % len(KINDS)](draw, folder, finished)
            status, printed = invoke(case.arguments)
            wrong = fault(case, status, printed, kept)
            counts[f"{case.kind}: {'status ' + str(status) if wrong is None else 'FAULT'}"] += 1
            if wrong:
                faults.append({"number": number, "arguments": case.arguments, "fault": wrong[-2000:]})
                print(f"{number}: {case.arguments}\n{wrong[-2000:]}\n", file=sys.stderr)
            if number % 50 == 49:
                print(f"{number + 1} of {asked.count}: {len(faults)} faults", flush=True)
    result = {"count": asked.count, "seed": asked.seed, "ended": dict(sorted(counts.items())), "faults": faults}
    save(beside(__file__), result)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
