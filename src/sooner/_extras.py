"""What to install for a part of sooner that needs more than torch and numpy: the one sentence that all messages use."""

from __future__ import annotations

import re
from importlib import metadata


def pip_install(extra: str) -> str:
    """The command that installs the packages of `extra`: those that are not there, or all where none is missing.

    It names the packages themselves, so that it is right in a clone, in a copy and after a release. Where sooner runs
    without having been installed, and so nothing knows them, it installs the clone with the extra.
    """
    needed = requirements(extra)
    if not needed:
        return f"pip install -e '.[{extra}]' in the folder of sooner's clone"
    missing = [requirement for requirement in needed if not _installed(requirement)]
    return command(missing or needed)


def command(requirements: list[str]) -> str:
    """The command that installs these, as a shell takes it."""
    return " ".join(["pip install", *(f"'{each}'" if re.search(r"[<>~!=]", each) else each for each in requirements)])


def requirements(extra: str) -> list[str]:
    """The packages of `extra` with their versions, "ray>=2.40"; none where sooner runs without being installed."""
    try:
        all_of_them = metadata.requires("sooner") or []
    except metadata.PackageNotFoundError:
        return []
    split = (line.partition(";") for line in all_of_them)
    return [package.strip() for package, _, when in split if re.search(rf"""extra\s*==\s*['"]{extra}['"]""", when)]


def _installed(requirement: str) -> bool:
    try:
        metadata.version(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
    except metadata.PackageNotFoundError:
        return False
    return True
