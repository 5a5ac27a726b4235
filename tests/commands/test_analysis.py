import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sooner import cli
from tests.racing.made import plan
from tests.racing.raced import race

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sooner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command line in an empty folder; gives its exit status and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    threads = torch.get_num_threads()

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sooner", *arguments])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        finally:
            torch.set_num_threads(threads)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_a_race_is_planned_before_it_begins(sooner: Run, tmp_path: Path) -> None:
    status, out, err = sooner(
        *("plan", "digits", "--detect", "30%", "--lanes", "rs2-30", "--model", "mlp", "--budget", "2ep"),
        *("--threads", "1", "--device", "cpu"),
    )
    assert status == 0, err
    assert "a pair is a run of each of 3 lanes" in out
    assert [line.split()[0] for line in out.splitlines() if line[:1].isdigit()] == ["5%", "10%", "20%", "30%", "50%"]
    assert "43" in next(line for line in out.splitlines() if line.startswith("5% "))
    assert "To find 30% in 8 of 10 races: 6 pairs" in out
    assert "median of 354 published configurations" in out
    assert not list(tmp_path.iterdir())  # nothing is left behind


def test_a_race_is_planned_by_its_own_runs(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    status, out, _ = sooner("plan", "--race", "r", "--detect", "0.5")
    assert status == 0
    assert "Enough: a difference of 50%" in out


def test_races_are_compared(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "a", plan("one"), {"baseline": 10.0, "one": 5.0})
    race(tmp_path / "b", plan("two"), {"baseline": 10.5, "two": 5.0})
    status, out, err = sooner("compare", "a", "b", "--target", "0.5")
    assert status == 0, err
    assert "baseline#2" in out


def test_every_mistake_is_one_message_and_status_2(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    for arguments, expected in {
        ("plan",): "a race needs one task",
        ("plan", "digits", "--detect", "much"): "--detect must be a share such as 10%",
        ("plan", "digits", "--detect", "0"): "detect must be above 0",
        ("plan", "--race", "nothing"): "holds no race",
        ("plan", "digits", "--race", "r"): "leave out items",
        ("compare", "r"): "1 race was given",
        ("compare", "r", "r"): "give each race once",
        ("compare", "r", "nothing"): "there is no race at nothing",
        ("suite", "digits,digit", "--out", "s"): "there is no digit",
        ("suite", "digits", "--out", "s", "--target", "high"): "--target must be a number",
        ("suite", "digits", "--out", "s", "--max-pairs", "9"): "--max-pairs is for a race --until decided",
        ("suite", "digits", "--out", "r"): "holds a race",
        ("suite", "digits"): "--out",
    }.items():
        status, _, err = sooner(*arguments)
        assert status == 2, arguments
        assert expected in err, (arguments, err)
