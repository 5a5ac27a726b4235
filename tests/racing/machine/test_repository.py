import subprocess
from pathlib import Path

import pytest

from sooner.racing.machine.repository import state


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_commit_and_what_was_changed_since(tmp_path: Path) -> None:
    assert state(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert state(tmp_path) is None  # nothing is committed yet
    script = tmp_path / "train.py"
    script.write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    first = state(tmp_path)
    assert first == git(tmp_path, "rev-parse", "HEAD").strip()
    (tmp_path / "unknown").touch()
    assert state(tmp_path) == first
    script.write_text("b")
    second = state(tmp_path)
    script.write_text("c")
    third = state(tmp_path)
    assert second is not None
    assert third is not None
    assert second.partition("+")[0] == third.partition("+")[0] == first
    assert len({first, second, third}) == 3
    git(tmp_path, "commit", "-qam", "second")
    assert state(tmp_path) not in (first, second, third)


def test_without_git_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert state(tmp_path) is None
