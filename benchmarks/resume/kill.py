"""Kill a digits race with SIGKILL at random moments, resume it each time, and compare it with an unbroken one.

    python -m benchmarks.resume.kill [--kills 20] [--seed 0] [--threads 1]

Prints and writes result.json beside this file; exits 1 if anything differs or the store is ever corrupt.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._run import SOONER, beside, save, substance


def _sooner(*arguments: str) -> list[str]:
    return [*SOONER, *arguments]


def found(folder: Path) -> dict[tuple[str, int], Any]:
    """What must not depend on interruptions: everything in results.json but times and memory."""
    results = json.loads((folder / "results.json").read_text())
    assert results["complete"], f"{folder} is not complete"
    return substance(results)


def check_store(folder: Path) -> int:
    """The number of finished runs in a store that must be whole, if it has been made yet."""
    path = folder / "race.db"
    if not path.exists():
        return 0
    with sqlite3.connect(path) as database:
        verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
        assert verdict == "ok", verdict
        try:
            return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])
        except sqlite3.OperationalError:  # killed before the tables were made
            return 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", default="1")
    options = parser.parse_args()
    new = ("race", "digits", "--threads", options.threads)
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        whole, broken = Path(scratch) / "whole", Path(scratch) / "broken"
        began = time.perf_counter()
        subprocess.run(_sooner(*new, "--out", str(whole)), check=True, stdout=subprocess.DEVNULL)
        length = time.perf_counter() - began
        moments: list[dict[str, float]] = []
        while len(moments) < options.kills:
            command = _sooner(*new, "--out", str(broken), "--save-every", "0.3")
            if (broken / "race.db").exists():
                command = _sooner("race", "--resume", str(broken), "--save-every", "0.3")
            race = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            wait = draw.uniform(0.5, max(2.0, 2.2 * length / options.kills + 4.0))
            try:
                _, complaint = race.communicate(timeout=wait)
            except subprocess.TimeoutExpired:
                race.send_signal(signal.SIGKILL)
                race.communicate()
                moments.append({"after_s": round(wait, 2), "runs_kept": check_store(broken)})
                print(f"killed after {wait:.2f} s, {moments[-1]['runs_kept']} runs kept", flush=True)
                continue
            text = complaint.decode()
            if race.returncode == 2 and "before its plan was written" in text:
                (broken / "race.db").unlink()
                continue
            assert race.returncode == 0, text
            if len(moments) < options.kills:  # done early: the rest of the kills hit a race that starts anew
                assert found(broken) == found(whole), "the resumed race differs from the unbroken one"
                broken = Path(scratch) / f"broken-{len(moments)}"
        if (broken / "race.db").exists():
            subprocess.run(_sooner("race", "--resume", str(broken)), check=True, stdout=subprocess.DEVNULL)
            assert found(broken) == found(whole), "the resumed race differs from the unbroken one"
        result = {"kills": moments, "unbroken_race_s": round(length, 1), "identical": True, "store_always_whole": True}
        save(beside(__file__), result)
        print(
            f"{options.kills} kills: metrics, hits and steps are those of the unbroken race; the store was always whole"
        )


if __name__ == "__main__":
    main()
