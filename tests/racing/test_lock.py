import json
import subprocess
import sys
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
    "left", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "created": 0}', '{"pid": "x", "created": 0}']
)
def test_a_lock_that_names_no_live_process_is_taken_over(tmp_path: Path, left: str) -> None:
    (tmp_path / "race.lock").write_text(left)
    with locked(tmp_path):
        pass
