"""Races resumed with `--retry failed` and with more pairs: real programs in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sooner.racing import race as racing
from tests.commands.line import Run
from tests.racing.made import plan
from tests.racing.raced import race

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys, time
from pathlib import Path

seed, lane = int(sys.argv[1]), sys.argv[2]
if lane == "b" and seed == 1 and not Path("data.csv").exists():
    raise FileNotFoundError("data.csv is not there")
if lane == "b" and seed == 2 and Path("gate").exists():
    Path("reached").touch()
    while Path("gate").exists():
        time.sleep(0.01)
if lane == "b" and seed == 2 and not Path("data.csv").exists():
    raise FileNotFoundError("data.csv is not there")
for step in (1, 2, 3):
    print(f"acc={0.3 * step}", flush=True)
"""


def begin(sooner: Run, folder: Path, *options: str) -> tuple[int, str, str]:
    """Race two programs, of which b fails with two of the three seeds, into the folder r."""
    (folder / "train.py").write_text(SCRIPT)
    commands = [f"{sys.executable} train.py {{seed}} {lane}" for lane in ("a", "b")]
    return sooner(
        *("race", "--metric", "acc=([0-9.]+)", "--target", "0.5", "--pairs", "3", "--out", "r"),
        *("--names", "a,b", *options, "--", *commands),
    )


@pytest.fixture
def broken(sooner: Run, tmp_path: Path) -> Path:
    """That race, which has gone on after its failures."""
    status, _, err = begin(sooner, tmp_path, "--keep-going")
    assert status == 0, err
    return tmp_path


def lane_b(folder: Path) -> list[tuple[Any, ...]]:
    raw = json.loads((folder / "r" / "results.json").read_text())
    return [(run["seed"], run["hit"], run["stopped"], run["attempts"]) for run in raw["lanes"][1]["runs"]]


def notices(folder: Path, *kinds: str) -> list[dict[str, Any]]:
    raw = json.loads((folder / "r" / "results.json").read_text())
    return [notice for notice in raw["notices"] if notice["kind"] in kinds]


FAILED = [(0, True, None, 1), (1, False, "it exited with status 1", 1), (2, False, "it exited with status 1", 1)]


def test_failed_runs_are_repeated_once_what_they_need_is_there(sooner: Run, broken: Path) -> None:
    assert lane_b(broken) == FAILED
    status, out, _ = sooner("race", "--resume", "r")
    assert status == 0
    assert "this race is over, with 6 runs: nothing is left to run" in out
    assert "2 runs failed: --retry failed repeats them" in out
    assert lane_b(broken) == FAILED
    status, out, _ = sooner("race", "--resume", "r", "--retry", "failed", "--keep-going")  # in vain
    assert status == 0
    assert [attempts for *_, attempts in lane_b(broken)] == [1, 2, 2]
    (broken / "data.csv").touch()
    status, out, _ = sooner("race", "--resume", "r", "--retry", "failed")
    assert status == 0
    assert "repeating 2 runs that failed: b seed 1 (it exited with status 1) and b seed 2 (it exited" in out
    assert lane_b(broken) == [(0, True, None, 1), (1, True, None, 3), (2, True, None, 3)]
    (retried,) = notices(broken, "runs_retried", "mixed_code")
    words = "it exited with status 1: FileNotFoundError: data.csv is not there"
    assert (retried["failures"], retried["changed"], retried["repeated"]) == ([words, words], [], True)
    assert f"b with seeds 1 and 2 failed twice ({words}) and were repeated with nothing changed" in out
    page = (broken / "r" / "report.html").read_text()
    assert "reached, attempt 3" in page
    status, out, _ = sooner("race", "--resume", "r", "--retry", "failed")
    assert status == 0
    assert "no run failed, so none is repeated" in out
    assert lane_b(broken) == [(0, True, None, 1), (1, True, None, 3), (2, True, None, 3)]


def test_a_race_that_stopped_at_its_first_failure_goes_on_by_repeating_it(sooner: Run, tmp_path: Path) -> None:
    status, _, err = begin(sooner, tmp_path)
    assert status == 2
    assert "repeat what failed:    sooner race --resume r --retry failed" in err
    (tmp_path / "data.csv").touch()
    status, _, _ = sooner("race", "--resume", "r", "--retry", "failed")
    assert status == 0
    assert [(hit, stopped) for _, hit, stopped, _ in lane_b(tmp_path)] == [(True, None)] * 3
    assert sum(attempts for *_, attempts in lane_b(tmp_path)) == 4


def test_a_mended_script_is_raced_with_and_told(sooner: Run, broken: Path) -> None:
    script = broken / "train.py"
    script.write_text(SCRIPT.replace("data.csv", "train.py"))  # which is there
    status, _, err = sooner("race", "--resume", "r")
    assert status == 2
    assert "files: began with" in err
    assert "if it was mended because runs failed: --retry failed" in err
    status, out, _ = sooner("race", "--resume", "r", "--retry", "failed")
    assert status == 0
    assert lane_b(broken) == [(0, True, None, 1), (1, True, None, 2), (2, True, None, 2)]
    retried, mixed = notices(broken, "runs_retried", "mixed_code")
    assert retried["changed"] == mixed["changed"] == ["train.py"]
    assert (mixed["lane"], mixed["count"], mixed["runs"]) == ("b", 2, 3)
    assert "2 of 3 runs of b were made with another train.py than the race's other runs" in out
    status, _, _ = sooner("race", "--resume", "r")  # the mended script is now the one to go on with
    assert status == 0


def test_a_race_that_is_killed_while_it_repeats_goes_on_exactly(sooner: Run, broken: Path) -> None:
    for name in ("data.csv", "gate"):
        (broken / name).touch()
    command = [sys.executable, "-m", "sooner", "race", "--resume", "r", "--retry", "failed"]
    variables = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}
    with subprocess.Popen(command, cwd=broken, env=variables, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while not (broken / "reached").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    (broken / "gate").unlink()
    status, out, _ = sooner("race", "--resume", "r")
    assert status == 0
    assert "b seed 2" in out
    assert "b seed 1" not in out  # which had been repeated already
    assert lane_b(broken) == [(0, True, None, 1), (1, True, None, 2), (2, True, None, 2)]


def test_pairs_are_added_and_the_costs_told(sooner: Run, broken: Path) -> None:
    (broken / "data.csv").touch()
    status, out, _ = sooner("race", "--resume", "r", "--retry", "failed", "--pairs", "6")
    assert status == 0
    assert "6 pairs instead of 3; no verdict could be seen yet, so it costs nothing" in out
    assert len(lane_b(broken)) == 6
    status, out, _ = sooner("race", "--resume", "r", "--pairs", "7")
    assert status == 0
    assert "A verdict could be seen after 6, so all 7 are judged at 0.94% instead of 5%" in out
    raw = json.loads((broken / "r" / "results.json").read_text())
    (wall,) = [c for c in raw["comparisons"] if c["clock"] == "wall"]
    assert (wall["pairs"], wall["looks"], wall["alpha"]) == (7, 2, pytest.approx((0.05 - 2 / 64) / 2))
    assert [(c["pairs"], c["looks"], "verdict" in c) for c in raw["earlier"]] == [(6, 1, True)]
    page = (broken / "r" / "report.html").read_text()
    assert "Pairs were added after 6 could be seen" in page
    assert "Pairs were added after results could be seen" in page


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--resume", "r", "--pairs", "2"], "planned with 3 pairs, and cannot be made one of 2"),
        (["--resume", "r", "--retry", "missed"], "--retry takes the word failed, not missed"),
        (["--resume", "r", "--retry", "failed", "--target", "0.9"], "leave out target"),
        (["digits", "--retry", "failed"], "--retry is for a race that has begun"),
    ],
)
def test_what_would_not_be_honest_is_refused(sooner: Run, tmp_path: Path, options: list[str], says: str) -> None:
    before = race(tmp_path / "r", plan("fast", pairs=3), {"baseline": 10.0, "fast": 5.0})
    status, _, err = sooner("race", *options)
    assert status == 2
    assert says in err
    assert racing.results(tmp_path / "r") == before
