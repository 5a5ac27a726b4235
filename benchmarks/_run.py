"""What the benchmarks' programs share: races and runs that go on where they were stopped, results, tables.

All are run from the root of the repository, as modules: `python -m benchmarks.grab.run`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._files import write
from benchmarks.keep import keep

SOONER = [sys.executable, "-m", "sooner.cli"]


def beside(file: str, name: str = "result.json") -> Path:
    """The path of a result next to the program `file`."""
    return Path(file).with_name(name)


def save(path: Path, result: Any) -> None:
    """Write a result and say where."""
    write(path, result)
    print(f"written to {path}", flush=True)


def race(folder: Path, arguments: Iterable[str], to: Path) -> int:
    """Race into `folder`, or go on with the race that is there, and keep it in `to` once it is complete.

    Returns the exit status of the race.
    """
    there = (folder / "race.db").exists()
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted = ["--resume", str(folder)] if there else ["--out", str(folder), *arguments]
    status = subprocess.run([*SOONER, "race", *wanted]).returncode
    if status == 0:
        keep(folder, to)
    return status


def passed_on(parser: argparse.ArgumentParser, names: Sequence[str]) -> Callable[[argparse.Namespace], list[str]]:
    """Options of a race that the program's own command line takes and hands on as they are."""
    for name in names:
        parser.add_argument(f"--{name}")
    return lambda asked: [
        f"--{name}={value}" for name in names if (value := getattr(asked, name.replace("-", "_"))) is not None
    ]


def each_once(
    path: Path,
    result: dict[str, Any],
    wanted: Iterable[Hashable],
    key: Callable[[Mapping[str, Any]], Hashable],
    make: Callable[[Any], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Make the wanted runs that `result["runs"]` lacks, and write `result` to `path` after each.

    Args:
        wanted: keys of runs, in the order in which they are made.
        key: of a run.
        make: a run with that key.

    Returns:
        all runs, those that were there first.
    """
    done = {key(run) for run in result["runs"]}
    for each in wanted:
        if each not in done:
            result["runs"].append(make(each))
            write(path, result)
    found: list[dict[str, Any]] = result["runs"]
    return found


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def substance(results: Mapping[str, Any]) -> dict[tuple[str, int], Any]:
    """Of each run in a race's `results.json`, by lane and seed: what no engine and no interruption may change."""
    keep = ("hit", "steps_to_target", "examples_to_target", "final_metric", "test_metric", "steps", "examples")
    return {
        (lane["name"], run["seed"]): {key: run[key] for key in keep}
        | {
            "recipe": lane["recipe"],
            "evaluations": [(e["step"], e["examples"], e["metric"]) for e in run["evaluations"]],
        }
        for lane in results["lanes"]
        for run in lane["runs"]
    }
