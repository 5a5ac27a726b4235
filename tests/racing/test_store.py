import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from sooner.errors import StoreError
from sooner.racing.record import RunRecord
from sooner.racing.store import NAME, VERSION, Store
from sooner.training.evaluation import Evaluation

RECORD = RunRecord(
    lane="baseline",
    seed=3,
    started="2026-01-01T00:00:00+00:00",
    finished="2026-01-01T00:00:10+00:00",
    steps=20,
    examples=640,
    seconds=1.5,
    looks=[Evaluation(0.0, 0, 0, 0.1), Evaluation(1.5, 20, 640, 0.9)],
    phases={"setup": 0.25, "train": 1.25, "evaluate": 0.5},
    test_metric=0.88,
    peak_memory_bytes=2**33,
    flops=1e12,
    stopped=None,
    resumed=1,
)


def test_what_is_added_is_there_after_reopening(tmp_path: Path) -> None:
    store = Store(tmp_path / "race", create=True)
    store.put("plan", {"a": [1, 2.5, None]})
    store.add(RECORD)
    store.add(replace(RECORD, seed=4, test_metric=None, stopped="the loss became nan by step 3", looks=[]))
    store.note("busy")
    store.note("busy")
    store.close()
    store = Store(tmp_path / "race")
    assert store.get("plan") == {"a": [1, 2.5, None]}
    assert store.get("nothing") is None
    assert store.records()[0] == RECORD
    assert store.records()[1].stopped == "the loss became nan by step 3"
    assert store.notes() == ["busy"]
    store.close()


def test_a_run_is_kept_once(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.add(RECORD)
    with pytest.raises(StoreError, match="UNIQUE"):
        store.add(RECORD)
    assert store.records() == [RECORD]
    store.close()


def test_a_folder_without_a_race_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no race \(no race.db there\)"):
        Store(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_race_is_never_overwritten(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.put("plan", {})
    store.close()
    with pytest.raises(StoreError, match="already holds a race; resume it with --resume"):
        Store(tmp_path, create=True)


def test_a_store_of_a_newer_version_is_refused_unread(tmp_path: Path) -> None:
    Store(tmp_path, create=True).close()
    with sqlite3.connect(tmp_path / NAME) as database:
        database.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(
        StoreError, match=rf"newer sooner \(store version {VERSION + 1}, this one reads up to {VERSION}\)"
    ):
        Store(tmp_path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store(tmp_path)


def test_a_full_disk_loses_nothing_written_before(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.add(RECORD)
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count={pages}")  # SQLite then meets a full disk, code SQLITE_FULL
    large = replace(RECORD, seed=4, looks=RECORD.looks * 5000)
    with pytest.raises(StoreError, match=rf"the disk is full.*sooner race --resume {tmp_path}"):
        store.add(large)
    assert store.records() == [RECORD]
    store._database.execute(f"PRAGMA max_page_count={pages + 1000}")
    store.add(large)
    assert len(store.records()) == 2
    store.close()
