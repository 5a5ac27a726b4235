"""The state of the git repository that a race of programs or functions is started in."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

_PATIENCE = 5.0  # seconds, for git to tell
_ARGUMENTS = (("rev-parse", "HEAD"), ("diff", "--no-ext-diff", "--no-textconv", "HEAD"))


def state(folder: Path) -> str | None:
    """The commit that is checked out around `folder`, then "+" and a digest of what was changed since, if anything was.

    None outside of a repository, before its first commit, without git, or where git takes over 5 seconds. Files that
    git does not know are left out.
    """
    told: list[bytes] = []
    for arguments in _ARGUMENTS:
        try:
            asked = subprocess.run(
                ["git", *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        told.append(asked.stdout)
    commit, changes = told
    digest = f"+{hashlib.blake2b(changes, digest_size=8).hexdigest()}" if changes.strip() else ""
    return commit.decode(errors="replace").strip() + digest
