import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from sooner import files


def test_a_file_is_written_as_utf_8_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")
    files.write_text(path, "größer\n")
    assert path.read_bytes() == b"gr\xc3\xb6\xc3\x9fer\n"
    files.write_bytes(path, b"\x00\xff\r\n")
    assert path.read_bytes() == b"\x00\xff\r\n"
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_was_there_is_there_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with files.replacing(path) as part, files.replacing(path) as other:
        part.write_text("after")
        other.write_text("first to end")
        assert (part.parent, part != other) == (tmp_path, True)
        assert path.read_text() == "before"
    assert path.read_text() == "after"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), TypeError()])
def test_an_error_keeps_what_was_there_and_removes_the_part(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def write() -> None:
        with files.replacing(path) as part:
            part.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_what_cannot_reach_the_disk_is_an_error_before_anything_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.txt"
    path.write_text("before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_text(path, "after")
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_in_the_way_and_a_missing_one_are_os_errors(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(IsADirectoryError):
        files.write_text(tmp_path / "a.txt", "text")
    with pytest.raises(FileNotFoundError):
        files.write_text(tmp_path / "none" / "a.txt", "text")
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_killed_writer_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    code = (
        "import os, sys, pathlib; from sooner import files\n"
        "with files.replacing(pathlib.Path(sys.argv[1])) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == -9
    assert path.read_text() == "before"
    assert [left.name.startswith("a.txt.") and left.suffix for left in tmp_path.iterdir() if left != path] == [".part"]


def test_a_new_file_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        files.write_text(tmp_path / "a.txt", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "write", [lambda path: files.write_text(path, "new"), lambda path: files.write_bytes(path, b"new")]
)
def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path, write) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "report.html").symlink_to(precious)
    files.write_text(tmp_path / "report.html", "new")
    assert precious.read_text() == "mine"
    assert not (tmp_path / "report.html").is_symlink()
    assert (tmp_path / "report.html").read_text() == "new"


def test_a_link_that_waits_where_the_part_is_written_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.uuid, "uuid4", lambda: type("Id", (), {"hex": "12345678"}))
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "a.txt.12345678.part").symlink_to(precious)
    with pytest.raises(FileExistsError):
        files.write_text(tmp_path / "a.txt", "new")
    assert precious.read_text() == "mine"
    assert not (tmp_path / "a.txt").exists()


def test_what_is_not_to_be_written_in_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    names = ("file", "none", "folder", "link", "pipe")
    assert [files.unusual(tmp_path / name) for name in names] == [
        None,
        None,
        "a folder",
        "a link to nowhere",
        "a pipe, a device or a socket",
    ]
    assert files.unusual(tmp_path / "folder", folder=True) is None
    assert files.unusual(tmp_path / "file", folder=True) == "a file"
