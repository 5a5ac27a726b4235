"""What a suite keeps in `suite.json`: what was asked for, so that it goes on as it began, and its profiles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from sooner import files
from sooner.commands.outcome import RESULTS
from sooner.commands.request import Request
from sooner.errors import StoreError
from sooner.racing import race as racing
from sooner.racing.store import NAME, Store
from sooner.reporting.suite import called
from sooner.results.profiles import REACH, left_out, profiles
from sooner.results.records import Clock, Results

RECORD = "suite.json"
FORMAT = 1
# The fields of a request that are the same for every task of a suite, by the names that they are kept under.
_ASKED = ("lanes", "model", "pairs", "budget", "seed", "device", "threads", "workers", "examples")


def begin(out: Path, request: Request) -> None:
    """Keep what was asked for in `out`, in place of what was asked for before where no race came of that.

    Raises StoreError where a suite was begun there and asked for otherwise, or a race.
    """
    rules = asdict(request.rules)
    if not request.rules.tune:  # as suites of version 0.2.0 were kept, which go on
        rules = {name: value for name, value in rules.items() if not name.startswith("tune")}
    asked = {name: getattr(request, name) for name in _ASKED} | {"rules": rules}
    plain = json.loads(json.dumps(asked))
    if (out / NAME).exists():
        raise StoreError(f"{out} holds a race; give --out a folder for the suite")
    if not (out / RECORD).exists() or not _any_race(out):
        _replace(out, json.dumps({"format": FORMAT, "asked": plain}))
        return
    before = _asked(out)
    changed = [
        f"{key}: began with {before.get(key)}, now {plain.get(key)}"
        for key in sorted({*before, *plain})
        if before.get(key) != plain.get(key)
    ]
    if changed:
        raise StoreError(
            f"the suite in {out} was begun otherwise:\n  "
            + "\n  ".join(changed)
            + "\ngo on as it began, or give another --out"
        )


def begun_so(out: Path, request: Request, targets: Mapping[str, float]) -> bool:
    """Whether the suite in `out` was begun with this request, and its races so far for these targets, by task."""
    if not (out / RECORD).exists():
        return False  # not a suite's
    try:
        begin(out, request)
        for name, target in targets.items():
            if begun(out / name):
                refuse_target(out / name, target)
    except StoreError:
        return False
    return True


def _any_race(out: Path) -> bool:
    return any(out.glob(f"*/{NAME}"))


def begun(folder: Path) -> bool:
    """Whether the race in `folder` has been planned."""
    if not (folder / NAME).exists():
        return False
    store = Store(folder)
    try:
        return store.get("plan") is not None
    finally:
        store.close()


def refuse_target(folder: Path, target: float) -> None:
    """Raises StoreError where the race in `folder` is for another target."""
    planned = racing.load_plan(folder).target
    if planned != target:
        raise StoreError(f"the race in {folder} is for {planned:g}, not {target:g}; give --target as before")


def write(out: Path, races: Mapping[str, Results]) -> None:
    """Add the profiles of the races, by task, to what was asked for. Raises StoreError where that is not possible."""
    record = {
        "format": FORMAT,
        "asked": _asked(out),
        "tasks": {name: {"target": race.target, "results": f"{name}/{RESULTS}"} for name, race in races.items()},
        "reach": REACH,
        "profiles": {
            clock: [{"lane": called(profile.identity), **asdict(profile)} for profile in profiles(races, clock)]
            for clock in get_args(Clock)
        },
        "left_out": [called(identity) for identity in left_out(races)],
    }
    _replace(out, json.dumps(record, indent=1, allow_nan=False) + "\n")


def _asked(out: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((out / RECORD).read_text(encoding="utf-8"))["asked"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{out / RECORD} cannot be read ({error}); give another --out") from error


def _replace(out: Path, text: str) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        files.write_text(out / RECORD, text)
    except OSError as error:
        raise StoreError(f"could not write {out / RECORD} ({error}); make room, or give another --out") from error
