"""Code that a file names, and not the user: imported or started only once the user has said yes to it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sooner import files
from sooner._text import visible
from sooner.errors import TrustError
from sooner.tasks.named import names_code, origin
from sooner.tasks.sources import find_source

if TYPE_CHECKING:
    from sooner.racing.plan.plan import Plan
    from sooner.recipes import Recipe

_KEPT = 1000  # agreements, the latest


def of_recipes(recipes: Iterable[Recipe]) -> list[str]:
    """What the models of these recipes run."""
    return _each_once(_imports("model", recipe.model) for recipe in recipes if names_code(recipe.model))


def of_plan(plan: Plan) -> list[str]:
    """What going on with this race runs: functions that give its data, its models, its programs."""
    found = [of_data(plan.task.data)] if plan.task.data else []
    models = [_imports("model", lane.entry.model) for lane in plan.lanes if names_code(lane.entry.model)]
    programs = [f"start in {Path.cwd()}: {lane.entry.command}" for lane in plan.lanes if lane.kind == "program"]  # type: ignore[attr-defined]
    return _each_once([*(one for one in found if one), *models, *programs])


def of_data(spec: str) -> str | None:
    """What loading these data runs, None for data that are files."""
    return _imports("data", spec) if find_source(spec) == "function" else None


def remember(code: Iterable[str]) -> None:
    """Keep that the user has named this code, or agreed to it; where that cannot be written, it is asked for again."""
    agreed = [*_agreed(), *code]
    with suppress(OSError, RuntimeError):
        path = _record()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.write_text(path, json.dumps(_each_once(reversed(agreed))[:_KEPT][::-1], indent=1) + "\n")


def require(code: Iterable[str], source: str, *, trust: bool) -> None:
    """Go on only if the user has agreed to all of `code`: by `trust`, before, or now, where a terminal can be asked.

    Args:
        code: as `of_plan` and the like describe it; the description names the file, or the folder and the command, so
            a module of the same name elsewhere is another agreement.
        source: where it is from, such as "races/theirs".
        trust: the user has said yes beforehand.

    Raises TrustError where the user has not agreed.
    """
    code = list(code)
    before = set(_agreed())
    new = [one for one in code if one not in before]
    if not new:
        return
    if not trust:
        listed = "".join(f"\n  {visible(one)}" for one in new)
        what = f"{visible(source)} holds code that you have not agreed to on this machine; to go on is to{listed}"
        if not _asked(f"{what}\nIt can do whatever you can. Go on?"):
            raise TrustError(f"{what}\nIt can do whatever you can. Read it; if you trust it, add --trust")
    remember(new)


def _asked(question: str) -> bool:
    import typer

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort:
        return False


def _imports(use: str, spec: str) -> str:
    return f"import {spec} for the {use}, from {origin(spec)}"


def _record() -> Path:
    """The list of agreements, in $XDG_STATE_HOME, by default ~/.local/state. Raises RuntimeError without a home."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "sooner" / "trusted.json"


def _agreed() -> list[str]:
    try:
        return [one for one in json.loads(_record().read_text(encoding="utf-8")) if isinstance(one, str)]
    except (OSError, ValueError, TypeError, RuntimeError, RecursionError):
        return []


def _each_once(code: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(code))
