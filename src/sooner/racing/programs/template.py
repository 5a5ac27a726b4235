"""The command of a program, with places for what the race fills in."""

from __future__ import annotations

import shlex
import shutil
import string
from collections.abc import Mapping
from pathlib import Path

from sooner.errors import RecipeError

PLACES = ("seed", "budget")
_OF_A_SHELL = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>>", "&>", "2>&1", "<<", "<<<"})


def words(command: str) -> list[str]:
    """The words of a command, split and unquoted as a shell would. Raises RecipeError where they cannot run."""
    if "\0" in command:
        raise RecipeError(f"the command {_short(command)} holds a null character; a command is one line of text")
    try:
        parts = shlex.split(command)
    except ValueError as error:
        reason = str(error)[:1].lower() + str(error)[1:]
        raise RecipeError(f"the command {_short(command)} cannot be split into words: {reason}") from None
    if not parts or not parts[0]:
        raise RecipeError("a command is empty; give one such as 'python train.py --seed {seed}'")
    for word in parts:
        if word in _OF_A_SHELL:
            raise RecipeError(
                f"the command {_short(command)} has a {word}, but no shell runs it; where you need one, write: "
                "sh -c '...'"
            )
    return parts


def places(command: str) -> set[str]:
    """Which of {seed} and {budget} the command has. Raises RecipeError for any other, and for a single brace."""
    fields: set[str] = set()
    for word in words(command):
        try:
            parts = list(string.Formatter().parse(word))
        except ValueError:
            raise RecipeError(_braces(command, "a brace that is not closed")) from None
        for _, field, spec, conversion in parts:
            if field is None:
                continue
            if field not in PLACES or spec or conversion:
                whole = f"{field}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}"
                raise RecipeError(_braces(command, f"{{{whole}}}"))
            fields.add(field)
    return fields


def fill(command: str, values: Mapping[str, str]) -> list[str]:
    """The words of the command with each place taken by its value."""
    return [word.format_map(values) for word in words(command)]


def require_executable(command: str) -> None:
    """Raises RecipeError where the command's program is not there, or is not one."""
    program = words(command)[0]
    if "{" in program or shutil.which(program):
        return
    if Path(program).is_file():
        advice = f"it is a file that cannot be executed; name what runs it, such as: python {program}"
    elif "=" in program:
        advice = f"a variable is set so: env {program} ..."
    elif "/" in program:
        advice = "there is no such file; paths are looked up from the folder in which the race runs"
    else:
        advice = "it is not on PATH; install it, activate its environment, or give its path"
    raise RecipeError(f"the command {_short(command)} starts with {program}, which cannot be run: {advice}")


def _braces(command: str, given: str) -> str:
    return (
        f"the command {_short(command)} has {given}; the race fills in {{seed}} and {{budget}} alone. "
        "Write {{ and }} for braces of your own"
    )


def _short(command: str) -> str:
    return repr(command if len(command) <= 100 else f"{command[:97]}...")
