import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sooner.errors import StoreError
from sooner.racing.lock import locked


def test_a_live_process_keeps_others_out(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        created = psutil.Process(other.pid).create_time()
        (tmp_path / "race.lock").write_text(json.dumps({"pid": other.pid, "created": created}))
        with pytest.raises(StoreError, match=f"being raced in by process {other.pid}"), locked(tmp_path):
            pass
    finally:
        other.kill()
        other.wait()
    with locked(tmp_path):  # its holder is gone
        assert (tmp_path / "race.lock").exists()
    assert not (tmp_path / "race.lock").exists()


@pytest.mark.parametrize(
    "left",
    [
        *("", "{", "[]", '{"pid": 1}', '{"pid": 1, "created": 0}', '{"pid": "x", "created": 0}'),
        *("[" * 5000, '{"pid": 1e400, "created": 0}', '{"pid": -3, "created": 0}'),
    ],
)
def test_a_lock_that_names_no_live_process_is_taken_over(tmp_path: Path, left: str) -> None:
    (tmp_path / "race.lock").write_text(left)
    with locked(tmp_path):
        pass


def test_of_processes_that_ask_at_once_one_gets_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from sooner.racing import lock\n"
        "def say(word):\n"
        "    print(word, flush=True); sys.stdin.readline()\n"
        "read = lock._holder\n"
        "def slow(path):\n"
        "    found = read(path); say('looked'); return found\n"
        "lock._holder = slow\n"
        "say('ready')\n"
        "with lock.locked(Path(sys.argv[1])):\n"
        "    say('held')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]

    def hears(process: subprocess.Popen[str], word: str) -> None:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{word}\n"

    def go_on(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    first, second = both
    for process in both:
        hears(process, "ready")
    go_on(first)
    hears(first, "looked")  # and has not written yet that it holds the folder
    go_on(second)
    time.sleep(0.2)  # so that it would look now, if it could
    go_on(first)
    hears(first, "held")
    hears(second, "looked")
    assert f"being raced in by process {first.pid}" in second.communicate("go\n")[1]
    assert first.communicate("done\n")[0] == ""
    assert not (tmp_path / "race.lock").exists()


def test_a_lock_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "race.lock").mkdir()
    with pytest.raises(StoreError, match=r"could not write .*race\.lock"), locked(tmp_path):
        pass


@pytest.mark.parametrize("content", ["mine", '{"pid": 1, "created": 0}'])
def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_stays(tmp_path: Path, content: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text(content)
    (tmp_path / "race.lock").symlink_to(precious)
    said = r"could not write .*race\.lock: it is a link to .*precious; remove it"
    with pytest.raises(StoreError, match=said), locked(tmp_path):
        pass
    assert precious.read_text() == content
    assert (tmp_path / "race.lock").is_symlink()


def test_a_lock_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "race.lock")
    with pytest.raises(StoreError, match="it is a pipe"), locked(tmp_path):
        pass
