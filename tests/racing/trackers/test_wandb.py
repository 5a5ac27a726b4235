import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb
from wandb.proto.wandb_internal_pb2 import Record

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.trackers import make
from tests.racing.trackers.conftest import WORDING, looks, record
from tests.reporting.races import compared, race

_BLOCK = 32768
_HEADER = 7  # of the file, and of each chunk: a checksum, the chunk's length and its kind
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def _records(path: Path) -> Iterator[Record]:
    """The records of a run's file: W&B's own messages in a LevelDB log."""
    data = path.read_bytes()
    assert data[:4] in (b":W&B", b"")  # empty until its first record is written
    at, whole = _HEADER, b""
    while at + _HEADER <= len(data):
        if _BLOCK - at % _BLOCK < _HEADER:
            at += _BLOCK - at % _BLOCK
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        if at + _HEADER + length > len(data):
            return
        whole += data[at + _HEADER : at + _HEADER + length]
        at += _HEADER + length
        if kind in (_FULL, _LAST):
            yield Record.FromString(whole)
            whole = b""


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    """All runs below a race's folder, by name, once W&B's own process has written their ends."""
    end = time.monotonic() + 60
    while True:
        paths = list(folder.glob("wandb/offline-run-*/run-*.wandb"))
        if all(any(found.HasField("exit") for found in _records(path)) for path in paths):
            return _runs(paths)
        assert time.monotonic() < end, "a run has no end"
        time.sleep(0.05)


def _runs(paths: list[Path]) -> dict[str, dict[str, Any]]:
    runs = {}
    for path in paths:
        run: dict[str, Any] = {"history": [], "summary": {}, "exit": None}
        for found in _records(path):
            if found.HasField("run"):
                run |= {"name": found.run.display_name, "group": found.run.run_group, "lane": found.run.job_type}
                run["config"] = {item.key: json.loads(item.value_json) for item in found.run.config.update}
            elif found.HasField("history"):
                row = {(item.key or item.nested_key[0]): json.loads(item.value_json) for item in found.history.item}
                run["history"].append((row["examples"], row["accuracy"], row["seconds"]))
            elif found.HasField("summary"):
                items = found.summary.update
                run["summary"] |= {(item.key or item.nested_key[0]): json.loads(item.value_json) for item in items}
            elif found.HasField("exit"):
                run["exit"] = found.exit.exit_code
        assert run["name"] not in runs
        runs[run["name"]] = run
    return runs


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("WANDB_MODE", "online")  # a race does not go online even so
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")


def test_a_race_is_written_offline_and_silently(tmp_path: Path, plan: Plan, capfd: pytest.CaptureFixture[str]) -> None:
    found = looks(0.1, 0.8, 1.0)
    with make(["wandb"], tmp_path, plan) as trackers:
        trackers.run_started(PlannedRun(plan.lanes[0], 0))
        for look in found:
            trackers.looked(look)
        assert wandb.run is None  # the user's own run, if there is one, is not replaced
        trackers.run_finished(record("baseline", 0, found))
        trackers.run_finished(record("rs2-10", 1, looks(0.1), stopped="the loss became nan by step 3"))
        trackers.race_finished(race([], [compared("rs2-10", "baseline", 1.5, 1.2, 1.6)]), WORDING)
    runs = _read(tmp_path)
    assert set(runs) == {"baseline/seed-0", "rs2-10/seed-1", "race/verdicts"}
    done, failed = runs["baseline/seed-0"], runs["rs2-10/seed-1"]
    assert done["history"] == [(0, 0.1, 0.0), (100, 0.8, 2.0), (200, 1.0, 4.0)]
    assert done["summary"]["time_to_target"] == pytest.approx(3.0)
    assert done["summary"]["test_accuracy"] == 0.875
    assert done["config"]["optimizer.name"] == "sgd"
    assert done["lane"] == "baseline"
    assert done["exit"] == 0
    assert failed["summary"]["stopped"] == "the loss became nan by step 3"
    assert failed["exit"] == 1
    assert runs["race/verdicts"]["summary"]["rs2-10 vs baseline/wall/ratio"] == 1.5
    assert len({run["group"] for run in runs.values()}) == 1
    assert capfd.readouterr() == ("", "")


def test_a_run_cut_short_is_replaced_when_the_race_is_resumed(tmp_path: Path, plan: Plan) -> None:
    with make(["wandb"], tmp_path, plan) as trackers:
        trackers.run_started(PlannedRun(plan.lanes[0], 0))
        trackers.looked(looks(0.1)[0])
    assert _read(tmp_path)["baseline/seed-0"]["history"] == [(0, 0.1, 0.0)]
    for _ in range(2):
        with make(["wandb"], tmp_path, plan) as trackers:
            trackers.run_finished(record("baseline", 0, looks(0.2, 0.3)))
    assert _read(tmp_path)["baseline/seed-0"]["history"] == [(0, 0.2, 0.0), (100, 0.3, 2.0)]
