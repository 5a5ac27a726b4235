import os
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from sooner.errors import StoreError
from sooner.racing import race as racing
from sooner.racing.record import RunRecord
from sooner.racing.schema import VERSION
from sooner.racing.store import NAME, Store
from sooner.results.notices import MachinesMixed, OtherPrograms, Told
from sooner.results.verdict import Finding
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
    store.note(OtherPrograms(0.3))
    store.note(MachinesMixed(("A100", "H200")))
    store.note(OtherPrograms(0.3))
    store.close()
    store = Store(tmp_path / "race")
    assert store.get("plan") == {"a": [1, 2.5, None]}
    assert store.get("nothing") is None
    assert store.records()[0] == RECORD
    assert store.records()[1].stopped == "the loss became nan by step 3"
    assert store.notes() == [OtherPrograms(0.3), MachinesMixed(("A100", "H200"))]
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


OLD = Path(__file__).parent / "written" / "race-0.2.0.sql"  # a race of version 0.2.0, and so of store version 3


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / NAME) as database:
        database.executescript(OLD.read_text())
        assert database.execute("PRAGMA user_version").fetchone() == (3,)
    return tmp_path


def test_a_race_of_version_0_2_0_is_read_and_its_notes_are_shown_as_they_are(old: Path) -> None:
    found = racing.results(old)
    assert [notice.text for notice in found.notices if isinstance(notice, Told)] == [
        "other programs used 22% of this machine's cores when the race started: wall times will be noisy; trust the "
        "calibrated clock, or race again on a quiet machine",
        "3 examples could not be read and were left out (--skip-bad)",
    ]
    findings = {c.lane: c.finding for c in found.comparisons if c.clock == "wall" and not c.confirmation}
    assert findings == {
        "fast": Finding.FASTER,
        "slow": Finding.SLOWER,
        "same": Finding.EQUAL,
        "apart": Finding.NO_DIFFERENCE,
        "never": Finding.NOT_REACHED,
    }


def test_a_race_of_version_0_2_0_goes_on_in_the_new_store(old: Path) -> None:
    racing.note(old, OtherPrograms(0.5))
    store = Store(old)
    store.add(replace(RECORD, seed=77))
    assert store.records()[-1] == replace(RECORD, seed=77)
    *before, last = store.notes()
    store.close()
    assert [type(notice) for notice in before] == [Told, Told]
    assert last == OtherPrograms(0.5)
    with sqlite3.connect(old / NAME) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_migrated_store_has_the_columns_of_a_new_one(old: Path, tmp_path: Path) -> None:
    Store(old).close()
    Store(tmp_path / "new", create=True).close()
    columns = []
    for folder in (old, tmp_path / "new"):
        with sqlite3.connect(folder / NAME) as database:
            tables = ("meta", "runs", "phases", "evaluations", "events")
            columns.append(
                {
                    table: database.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchall()
                    for table in tables
                }
            )
    assert columns[0] == columns[1]


def test_a_note_that_makes_no_sense_is_damage(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store._database.execute("INSERT INTO events (kind, fields) VALUES ('unheard_of', '{}')")
    with pytest.raises(StoreError, match=r"damaged: .*no kind of notice 'unheard_of'"):
        store.notes()
    store.close()


def made(folder: Path) -> Path:
    """A store with a run; gives its file."""
    store = Store(folder, create=True)
    store.add(RECORD)
    store.close()
    return folder / NAME


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("there", ["a store", "a file", "nothing"])
def test_a_link_is_no_store_and_what_it_leads_to_stays(tmp_path: Path, create: bool, there: str) -> None:
    target = made(tmp_path / "mine") if there == "a store" else tmp_path / "mine.txt"
    if there == "a file":
        target.write_text("mine")
    before = target.read_bytes() if target.exists() else None
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / NAME).symlink_to(target)
    with pytest.raises(StoreError, match=f"is a link to {target}, and not the file of a race"):
        Store(tmp_path / "sent", create=create)
    assert (target.read_bytes() if target.exists() else None) == before


def test_a_folder_or_a_pipe_is_no_store(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(StoreError, match="is a folder, and not the file"):
        Store(tmp_path)
    (tmp_path / NAME).rmdir()
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(StoreError, match="is a pipe, a device or a socket, and not the file"):
        Store(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("DROP TABLE phases", "it has no phases.name, phases.run, phases.seconds"),
        ("ALTER TABLE runs DROP COLUMN host", "it has no runs.host"),
        ("DROP TABLE meta; CREATE TABLE meta (key, value)", "it has no meta.key, meta.value"),  # of no types
        ("CREATE TRIGGER gone AFTER INSERT ON runs BEGIN DELETE FROM runs; END", "'gone' in it is no part of a race"),
        ("CREATE VIEW seen AS SELECT * FROM runs", "'seen' in it is no part of a race"),
    ],
)
def test_tables_that_are_not_a_races_are_damage(tmp_path: Path, change: str, message: str) -> None:
    path = made(tmp_path)
    database = sqlite3.connect(path)
    database.executescript(change)
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"race.db is damaged: {re.escape(message)}"):
        Store(tmp_path)
    assert path.read_bytes() == before


def test_runs_are_read_by_the_names_of_columns(tmp_path: Path) -> None:
    database = sqlite3.connect(made(tmp_path))
    database.executescript(
        "CREATE TABLE other (name TEXT NOT NULL, seconds REAL NOT NULL, run INTEGER NOT NULL) STRICT;"
        "INSERT INTO other SELECT name, seconds, run FROM phases;"
        "DROP TABLE phases; ALTER TABLE other RENAME TO phases;"
    )
    database.close()
    assert Store(tmp_path).records() == [RECORD]


def test_names_that_would_be_refused_today_are_written_out_and_no_run_is_lost(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.add(replace(RECORD, lane="a\x1b[2J", host="b\n"))
    (record,) = store.records()
    assert (record.lane, record.host) == ("a\\x1b[2J", "b\\n")


@pytest.mark.parametrize("value", ["[" * 5000 + "]" * 5000, "9" * 5000, "x"])
def test_what_is_no_json_is_damage(tmp_path: Path, value: str) -> None:
    path = made(tmp_path)
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO meta VALUES ('plan', ?)", (value,))
    database.close()
    with pytest.raises(StoreError, match="'plan' in it is not JSON"):
        racing.load_plan(tmp_path)


@pytest.mark.parametrize(
    ("table", "column"),
    [("runs", "seconds"), ("runs", "reference"), ("phases", "seconds"), ("evaluations", "metric")],
)
@pytest.mark.parametrize("value", ["9e999", "-9e999"])
def test_a_number_that_is_infinite_is_damage(tmp_path: Path, table: str, column: str, value: str) -> None:
    path = made(tmp_path)
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE {table} SET {column} = {value}")
    database.close()
    with pytest.raises(StoreError, match=f"a number among its {table} is infinite"):
        racing.finished(tmp_path)


def test_a_version_that_none_has_is_damage(tmp_path: Path) -> None:
    with sqlite3.connect(made(tmp_path)) as database:
        database.execute("PRAGMA user_version = -1")
    database.close()
    with pytest.raises(StoreError, match="it says to be of version -1"):
        Store(tmp_path)


def test_a_failed_run_leaves_the_race_and_stays_as_an_attempt(tmp_path: Path) -> None:
    failed = replace(RECORD, seed=4, stopped="it exited with status 1", output="no data", environment=2)
    store = Store(tmp_path, create=True)
    store.add(RECORD)
    store.add(failed)
    store.change({"plan": {"pairs": 12}}, [failed])
    store.add(replace(RECORD, seed=4))  # made again
    store.close()
    store = Store(tmp_path)
    assert store.records() == [RECORD, replace(RECORD, seed=4)]
    assert store.attempts() == [failed]
    assert store.get("plan") == {"pairs": 12}
    store.close()
    with sqlite3.connect(tmp_path / NAME) as database:
        assert database.execute("SELECT count(*) FROM evaluations").fetchone() == (2 * len(RECORD.looks),)
        assert database.execute("SELECT count(*) FROM phases").fetchone() == (2 * len(RECORD.phases),)


def test_a_change_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    failed = replace(RECORD, seed=4, stopped="it exited with status 1", looks=RECORD.looks * 5000)
    store = Store(tmp_path, create=True)
    store.put("plan", {"pairs": 6})
    store.add(RECORD)
    store.add(failed)
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="the disk is full"):
        store.change({"plan": {"pairs": 12}}, [RECORD, failed])
    assert store.get("plan") == {"pairs": 6}
    assert store.records() == [RECORD, failed]
    assert store.attempts() == []
    store.close()


def test_a_store_of_version_4_is_read_as_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.add(RECORD)
    store.close()
    with sqlite3.connect(tmp_path / NAME) as database:  # what version 5 added, taken away
        database.executescript(
            "ALTER TABLE runs DROP COLUMN environment; ALTER TABLE runs DROP COLUMN told_seconds;"
            "ALTER TABLE runs DROP COLUMN reference;"
            "DROP TABLE attempts; PRAGMA user_version=4;"
        )
    store = Store(tmp_path)
    assert store.records() == [RECORD]
    assert store.attempts() == []
    store.change({}, [RECORD])
    assert (store.records(), store.attempts()) == ([], [RECORD])
    store.close()
