"""2,000 bad invocations: none may end in a traceback, none may cost a finished run.

    python -m benchmarks.bad_invocations.run [--count 2000] [--seed 0] [--kind store]

Each invocation runs in this process, as the command line's `main`, or as a call of `sooner.race`. `_case.py` says what
must hold afterwards.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks._run import beside, markdown, save
from benchmarks.bad_invocations import first_looks, generate, mutilated, received
from benchmarks.bad_invocations._case import Case, Step
from benchmarks.bad_invocations.generate import QUICK

from sooner import cli
from sooner.errors import SoonerError

# Each is drawn as often as it stands here.
KINDS: tuple[Callable[[random.Random, Path, Path], Case], ...] = (
    *[generate.options] * 4,
    *[generate.recipe] * 4,
    *[generate.program] * 3,
    *[generate.store] * 2,
    *[first_looks.programs] * 2,
    first_looks.functions,
    first_looks.model,
    received.code,
    received.reports,
    received.links,
    received.names,
    *[mutilated.store] * 2,
    *[mutilated.plan] * 2,
    mutilated.results,
    mutilated.saved,
)


def invoke(step: Step) -> tuple[int | str, str]:
    """The exit status, or the traceback, of one step, and what it printed."""
    out, before = io.StringIO(), sys.argv
    status: int | str = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            if callable(step):
                step()
            else:
                sys.argv = ["sooner", *step]
                cli.main()
        except SoonerError as error:
            print(error)
            status = 2
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else str(end.code)
        except BaseException:
            status = traceback.format_exc()
        finally:
            sys.argv = before
    return status, out.getvalue()


def attempt(case: Case, home: Path) -> tuple[int | str, list[str]]:
    """How the first step ended, and what is wrong with the case."""
    case.note()
    os.chdir(case.folder or home)
    try:
        ended = [invoke(step) for step in case.steps]
    finally:
        os.chdir(home)
    return ended[0][0], case.faults(ended)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", default="", help="only kinds whose function has this in its name; nothing is kept")
    parser.add_argument("--only", type=int, help="the case of this number; nothing is kept")
    asked = parser.parse_args()
    kinds = [kind for kind in KINDS if asked.kind in f"{kind.__module__}.{kind.__name__}"]
    numbers = range(asked.count) if asked.only is None else [asked.only]
    counts: Counter[str] = Counter()
    faults = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        os.environ["XDG_STATE_HOME"] = str(home / "state")
        os.chdir(home)
        finished = home / "finished"
        status, printed = invoke(["race", "digits", *QUICK, "--target", "0.5", "--out", str(finished)])
        assert status == 0, printed
        for number in numbers:
            draw = random.Random(f"{asked.seed}/{number}")
            folder = home / str(number)
            folder.mkdir()
            case = kinds[number % len(kinds)](draw, folder, finished)
            status, wrong = attempt(case, home)
            counts[f"{case.kind}: {'FAULT' if wrong else f'status {status}'}"] += 1
            if wrong:
                shown = [step if isinstance(step, list) else "sooner.race" for step in case.steps]
                faults.append({"number": number, "steps": shown, "faults": wrong})
                print(f"{number} ({case.kind}): {shown}", *wrong, "", sep="\n", file=sys.stderr)
            if number % 100 == 99:
                print(f"{number + 1}: {len(faults)} faults, {time.monotonic() - began:.0f} s", flush=True)
    result = {"count": asked.count, "seed": asked.seed, "ended": dict(sorted(counts.items())), "faults": faults}
    print(
        markdown(
            ["kind", "ended with", "cases"], [[*name.rsplit(": ", 1), str(n)] for name, n in sorted(counts.items())]
        )
    )
    if not asked.kind and asked.only is None:
        save(beside(__file__), result)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
