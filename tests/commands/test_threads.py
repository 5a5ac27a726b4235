"""Where --threads is not given, OMP_NUM_THREADS says how many threads a race runs on, as it does for PyTorch."""

import json
from pathlib import Path

import pytest

from sooner.racing.race import finished
from tests.commands.line import QUICK, Run

PROGRAM = "sh -c 'echo acc=$OMP_NUM_THREADS' {seed}"


@pytest.fixture(autouse=True)
def _three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")


@pytest.mark.parametrize(("options", "threads"), [((), 3), (("--threads", "2"), 2)])
def test_programs(sooner: Run, tmp_path: Path, options: tuple[str, ...], threads: int) -> None:
    asked = ("--metric", "acc=([0-9]+)", "--target", "9", "--pairs", "1", "--out", "r")
    status, out, err = sooner("race", *asked, *options, "--", PROGRAM, PROGRAM)
    assert status == 0, err
    assert f"on cpu with {threads} threads" in out.replace("\n", " ")
    assert {look.metric for run in finished(tmp_path / "r") for look in run.looks} == {threads}


def test_recipes(sooner: Run, tmp_path: Path) -> None:
    quick = [word for word in QUICK if word not in ("--threads", "1")]
    status, out, err = sooner("race", "digits", "--lanes", "rs2-30", *quick, "--target", "0.5", "--out", "r")
    assert status == 0, err
    assert "on cpu with 3 threads" in out.replace("\n", " ")
    assert json.loads((tmp_path / "r" / "results.json").read_text())["machine"]["threads"] == 3


def test_doctor(sooner: Run) -> None:
    status, out, _ = sooner("doctor")
    assert status == 0
    assert ["threads", "3"] in [line.split() for line in out.splitlines()]
