import sys
from pathlib import Path

import pytest
import torch

from tests.commands.line import Run


def test_the_machine_and_what_is_missing(sooner: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = tmp_path / "data" / "mnist"
    there.mkdir(parents=True)
    for part in ("train", "test"):
        (there / f"{part}.parquet").touch()
    monkeypatch.setenv("SOONER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")  # the path of a temporary folder may be long
    status, out, _ = sooner("doctor")
    assert status == 0
    rows = {line[:24].strip(): line[24:].strip() for line in out.splitlines()}
    assert rows["torch"] == torch.__version__
    assert rows["python"] == sys.version.split()[0]
    assert rows["data: mnist"] == "there"
    assert rows["data: cifar10"].startswith(f"not in {tmp_path / 'data'}; read from the hub")
    assert int(rows["pace"].split()[0].replace(",", "")) > 0
    assert set(rows) >= {"load", "precision", "optional: ray", "data: cifar100", "cpu", "memory_gib"}
