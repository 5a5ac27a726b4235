"""The race's store: one SQLite file, written by one process, that holds each run completely or not at all."""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sooner import files
from sooner._text import is_visible, visible
from sooner._types import require_types
from sooner.errors import DataError, RecipeError, StoreError
from sooner.racing.record import RunRecord
from sooner.racing.schema import MIGRATIONS, TABLES, VERSION
from sooner.training.evaluation import Evaluation

if TYPE_CHECKING:  # every listing of the command line loads this file, and none of them a notice
    from sooner.results.notices import Notice

NAME = "race.db"


def _columns(database: sqlite3.Connection) -> set[tuple[str, str]]:
    """Table and column of all that is checked by type."""
    tables = database.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict")
    return {
        (table, row[1])
        for (table,) in tables.fetchall()
        for row in database.execute("SELECT * FROM pragma_table_info(?)", (table,))
    }


_REAL = {
    "runs": ("seconds", "test_metric", "flops", "energy_joules", "sparse_flops", "reference"),
    "phases": ("seconds",),
    "evaluations": ("seconds", "metric", "besides", "scoring"),
}
_LOOK = tuple(field.name for field in fields(Evaluation))
_COLUMNS = tuple(field.name for field in fields(RunRecord) if field.name not in ("looks", "phases", "left_behind"))


class Store:
    """A race's folder opened for reading or writing. Every change is one transaction, on disk when it returns.

    Args:
        folder: of the race; made if `create`.
        create: start a new store; refused where there is one.

    Raises:
        StoreError: no store there, one already there, one of a newer version, or a file that is not one.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        path = folder / NAME
        if (other := files.unusual(path)) is not None:
            raise StoreError(
                f"{path} is {other}, and not the file of a race; give the folder that holds the file itself"
            )
        if not create and not path.exists():
            raise StoreError(f"{folder} holds no race (no {NAME} there); give a folder that `sooner race` wrote")
        with self._errors("open"):
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None)
            # FULL: a commit survives a power cut. The rollback journal leaves one file and works on any file system.
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.execute("PRAGMA foreign_keys=ON")
            self._database.execute("PRAGMA trusted_schema=OFF")  # it may be another's
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise StoreError(
                    f"{path} was written by a newer sooner (store version {version}, this one reads up to {VERSION}); "
                    "read it with that sooner, or bring this one up to date (git pull in its clone)"
                )
            if version < 0:
                raise self._damaged(f"it says to be of version {version}")
            if version == 0 and not create:
                raise StoreError(f"{path} is empty or cut short, and holds no race; bring back a copy of it, if any")
            if version == 0:
                self._write_schema([TABLES])
            elif self._database.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise self._damaged("its pages do not fit together")
            elif version < VERSION:
                self._write_schema([MIGRATIONS[step] for step in range(version, VERSION)])
            self._check_schema()
        if create and self.get("plan") is not None:
            raise StoreError(
                f"{folder} already holds a race; resume it with --resume {shlex.quote(str(folder))}, or choose "
                "another --out"
            )

    def _damaged(self, how: str) -> StoreError:
        path = shlex.quote(str(self.folder / NAME))
        return StoreError(
            f"{self.folder / NAME} is damaged: {how}. It was left as it is; bring back a copy of it, or save what can "
            f"still be read with: sqlite3 {path} .recover"
        )

    def _check_schema(self) -> None:
        """Raises StoreError where the tables are not those of a race, or something else acts on them."""
        model = sqlite3.connect(":memory:")
        try:
            model.executescript(TABLES)
            wanted, found = _columns(model), _columns(self._database)
        finally:
            model.close()
        missing = [f"{table}.{column}" for table, column in sorted(wanted) if (table, column) not in found]
        if missing:
            raise self._damaged(f"it has no {', '.join(missing)}")
        others = "SELECT name FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
        if added := self._database.execute(others).fetchone():
            raise self._damaged(f"'{added[0]}' in it is no part of a race")

    def _write_schema(self, scripts: list[str]) -> None:
        with self._transaction():
            for statement in (part for script in scripts for part in script.split(";\n")):
                self._database.execute(statement)
            self._database.execute(f"PRAGMA user_version={VERSION}")

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (UnicodeDecodeError, OverflowError) as error:  # SQLite's own complaint, quoting what it could not read
            raise self._damaged("its text is not text") from error
        except (sqlite3.Error, OSError) as error:
            path = self.folder / NAME
            if "full" in str(error).lower() or getattr(error, "errno", None) == 28:
                raise StoreError(
                    f"the disk is full: could not {doing} {path}. Nothing already written is lost; make room and go on "
                    f"with: sooner race --resume {shlex.quote(str(self.folder))}"
                ) from error
            raise StoreError(f"could not {doing} {path}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:  # SQLite itself rolls back on a full disk
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._database.close()

    def put(self, key: str, value: Any) -> None:
        """Keep plain data under `key`, replacing what was there."""
        self.change({key: value})

    def get(self, key: str) -> Any:
        """The data under `key`, or None."""
        with self._errors("read"):
            row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        try:
            return json.loads(row[0]) if row else None
        except (ValueError, RecursionError) as error:
            raise self._damaged(f"'{key}' in it is not JSON") from error

    def mapping(self, key: str) -> dict[str, Any]:
        """The mapping under `key`, empty where there is none. Raises TypeError for anything else."""
        found = self.get(key)
        if found is not None and not isinstance(found, dict):
            raise TypeError(f"'{key}' is a {type(found).__name__}")
        return found or {}

    def change(self, values: Mapping[str, Any], repeat: Sequence[RunRecord] = ()) -> None:
        """Keep plain data by their keys, as `put` does, and move the runs `repeat` to the attempts: all or nothing."""
        with self._errors("write"), self._transaction():
            for key, value in values.items():
                self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))
            for record in repeat:
                self._database.execute("INSERT INTO attempts (record) VALUES (?)", (json.dumps(asdict(record)),))
                named = (record.lane, record.seed)
                for table in ("phases", "evaluations"):
                    mine = f"DELETE FROM {table} WHERE run = (SELECT id FROM runs WHERE lane = ? AND seed = ?)"
                    self._database.execute(mine, named)
                self._database.execute("DELETE FROM runs WHERE lane = ? AND seed = ?", named)

    def attempts(self) -> list[RunRecord]:
        """The runs that failed and were repeated, or are to be, oldest first."""
        with self._errors("read"):
            rows = self._database.execute("SELECT record FROM attempts ORDER BY id").fetchall()
        with self.sound():
            kept = [json.loads(record) for (record,) in rows]
            made = [RunRecord(**{**raw, "looks": [Evaluation(**look) for look in raw["looks"]]}) for raw in kept]
            for record in made:
                require_types(record)
        return [_shown(record) for record in made]

    @contextmanager
    def sound(self) -> Iterator[None]:
        """An error inside, of any kind, that the store's content causes is raised as damage to the store."""
        try:
            yield
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
            raise self._damaged(f"what it says makes no race ({type(error).__name__}: {error})") from error
        except (RecipeError, DataError) as error:
            raise self._damaged(f"what it says makes no race ({error})") from error

    def note(self, notice: Notice) -> None:
        """Keep what a reader should know of the race as a whole."""
        from sooner.results.notices import to_fields

        # The text is for older versions of the table, where it must not be null.
        row = ("", notice.kind, json.dumps(to_fields(notice)))
        with self._errors("write"), self._transaction():
            self._database.execute("INSERT INTO events (text, kind, fields) VALUES (?, ?, ?)", row)

    def notes(self) -> list[Notice]:
        """What `note` kept, each once, oldest first; a sentence of an older version as `Told`."""
        from sooner.results.notices import Told, from_fields

        with self._errors("read"):
            rows = self._database.execute("SELECT text, kind, fields FROM events ORDER BY rowid").fetchall()
        with self.sound():
            notices = [
                Told(text) if kind is None else from_fields(kind, json.loads(given)) for text, kind, given in rows
            ]
        return list(dict.fromkeys(notices))

    def add(self, record: RunRecord) -> None:
        """Keep a finished run, all of it or, if the process dies meanwhile, nothing."""
        with self._errors("write"), self._transaction():
            cursor = self._database.execute(
                f"INSERT INTO runs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})",
                [getattr(record, column) for column in _COLUMNS],
            )
            run = cursor.lastrowid
            self._database.executemany(
                "INSERT INTO phases VALUES (?, ?, ?)", [(run, name, spent) for name, spent in record.phases.items()]
            )
            self._database.executemany(
                "INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(run, *astuple(look)) for look in record.looks],
            )

    def records(self) -> list[RunRecord]:
        """All finished runs, in the order in which they ended. Raises StoreError where a number in them is infinite."""
        with self._errors("read"):
            for table, columns in _REAL.items():
                infinite = " OR ".join(f"abs({column}) = 9e999" for column in columns)
                if self._database.execute(f"SELECT 1 FROM {table} WHERE {infinite} LIMIT 1").fetchone():
                    raise self._damaged(f"a number among its {table} is infinite")
            runs = self._database.execute(f"SELECT id, {', '.join(_COLUMNS)} FROM runs ORDER BY id").fetchall()
            looks: dict[int, list[Evaluation]] = {}
            stored = self._database.execute(f"SELECT run, {', '.join(_LOOK)} FROM evaluations ORDER BY rowid")
            for run, *values in stored:
                looks.setdefault(run, []).append(Evaluation(*values))
            phases: dict[int, dict[str, float]] = {}
            spent = self._database.execute("SELECT run, name, seconds FROM phases ORDER BY rowid")
            for run, name, seconds in spent:
                phases.setdefault(run, {})[name] = seconds
        return [
            _shown(RunRecord(**_plain(values), looks=looks.get(run, []), phases=phases.get(run, {})))
            for run, *values in runs
        ]


def _plain(values: Sequence[Any]) -> dict[str, Any]:
    """A row of the table of runs by its columns; SQLite keeps a bool as 0 or 1."""
    row = dict(zip(_COLUMNS, values, strict=True))
    return {**row, "told_seconds": bool(row["told_seconds"])}


def _shown(record: RunRecord) -> RunRecord:
    """Its names as the plan has them, see `PlannedLane.from_dict`; nearly always the same."""
    if is_visible(record.lane + record.host):
        return record
    return replace(record, lane=visible(record.lane), host=visible(record.host))
