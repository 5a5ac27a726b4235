"""Stores, results and checkpoints whose content is whole as a file and wrong as a race."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from benchmarks.bad_invocations._case import Case
from benchmarks.bad_invocations.generate import QUICK

from sooner.racing.plan.lanes import saved_name
from sooner.training import checkpoint

_JUNK: tuple[Any, ...] = (None, -1, 0, 1e308, 10**30, "", "x", "nan", [], {}, [[]], True, {"name": 3}, "1e9", "../x")
_SQL = (
    "UPDATE runs SET seconds = {number}",
    "UPDATE runs SET steps = {number}, examples = {number}",
    "UPDATE runs SET seed = seed + {number}",
    "UPDATE runs SET lane = '{word}'",
    "UPDATE runs SET started = '{word}', finished = '{word}'",
    "UPDATE runs SET stopped = '{word}', output = '{word}'",
    "UPDATE evaluations SET metric = {number}",
    "UPDATE evaluations SET seconds = {number}",
    "UPDATE evaluations SET step = {number}, examples = {number}",
    "UPDATE evaluations SET kind = '{word}', scoring = {number}",
    "UPDATE phases SET seconds = {number}, name = '{word}'",
    "DELETE FROM evaluations",
    "DELETE FROM meta WHERE key = '{key}'",
    "UPDATE meta SET value = '{word}' WHERE key = '{key}'",
    "UPDATE meta SET value = '{deep}' WHERE key = '{key}'",
    "INSERT INTO events (text, kind, fields) VALUES ('{word}', '{word}', '[]')",
    "INSERT INTO events (text, kind, fields) VALUES ('', 'told', '{{\"text\": {number}}}')",
    "INSERT INTO events (text, kind, fields) VALUES ('', 'drift', '{{}}')",
    "DROP TABLE {table}",
    "ALTER TABLE {table} RENAME TO other",
    "ALTER TABLE runs DROP COLUMN host",
    "CREATE TRIGGER gone AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
    "DROP TABLE phases; CREATE VIEW phases AS SELECT 1 AS run, 2 AS name, 3 AS seconds",
    "CREATE TABLE more (x); PRAGMA user_version = {version}",
)


def store(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A database that is sound, and holds another schema, other types, or numbers that no race has."""
    broken = Path(shutil.copytree(finished, folder / "broken"))
    database = sqlite3.connect(broken / "race.db")
    for _ in range(draw.randrange(1, 3)):
        words = {
            "number": draw.choice(["0", "-1", "1e308", "9e999", "-9e999", "3", "9223372036854775807"]),
            "word": draw.choice(["", "x", "baseline", "2026-13-45", "[]", "null", "-9e999"]),
            "key": draw.choice(["plan", "machine", "versions", "data"]),
            "deep": "[" * 3000 + "]" * 3000,
            "table": draw.choice(["runs", "evaluations", "phases", "events", "meta"]),
            "version": draw.choice(["0", "1", "2", "3", "99", "-1"]),
        }
        try:
            database.executescript(draw.choice(_SQL).format(**words))
        except sqlite3.Error:
            continue
    database.close()
    return Case("store: content", [_command(draw, broken, finished)], keeps=[finished, broken])


def plan(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A plan with fields that are missing, of another type, or out of range."""
    broken = Path(shutil.copytree(finished, folder / "broken"))
    database = sqlite3.connect(broken / "race.db")
    key = draw.choice(["plan"] * 6 + ["machine", "versions", "data"])
    value = json.loads(database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])
    for _ in range(draw.randrange(1, 3)):
        _spoil(draw, value)
    with database:
        database.execute("UPDATE meta SET value = ? WHERE key = ?", (json.dumps(value), key))
    database.close()
    return Case("store: plans", [_command(draw, broken, finished)], keeps=[finished, broken])


def results(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A results.json that is cut short, of other types, too deep, or no file."""
    broken = Path(shutil.copytree(finished, folder / "broken"))
    path = broken / "results.json"
    text = path.read_text()
    how = draw.randrange(4)
    if how == 0:
        path.write_text(text[: draw.randrange(len(text))])
    elif how == 1:
        path.unlink()
        path.mkdir()
    elif how == 2:
        path.write_text(draw.choice(["[" * 5000 + "]" * 5000, "9" * 6000, "null", "[]", '"x"', "\x00", "{}"]))
    else:
        value = json.loads(text)
        for _ in range(draw.randrange(1, 3)):
            _spoil(draw, value)
        path.write_text(json.dumps(value))
    alone = draw.random() < 0.7
    if alone:
        (broken / "race.db").unlink()
    steps = [draw.choice([["compare", str(broken), str(finished)], ["compare", str(finished), str(broken)]])]
    return Case("results", steps if alone else [["report", str(broken)]], keeps=[finished])


def saved(draw: random.Random, folder: Path, finished: Path) -> Case:
    """A race whose next run is to go on from a checkpoint that is none, or another's."""
    broken = Path(shutil.copytree(finished, folder / "broken"))
    database = sqlite3.connect(broken / "race.db")
    fields = json.loads(database.execute("SELECT value FROM meta WHERE key = 'plan'").fetchone()[0])
    with database:
        fields["pairs"] += 1
        database.execute("UPDATE meta SET value = ? WHERE key = 'plan'", (json.dumps(fields),))
    database.close()
    path = broken / saved_name("baseline", fields["seed"] + fields["pairs"] - 1)
    how = draw.randrange(5)
    if how == 0:
        path.mkdir()
    elif how == 1:
        path.write_bytes(draw.randbytes(draw.randrange(0, 3000)))
    elif how == 2:
        state: dict[str, Any] = {"started": "2026", "resumed": 0, "energy": None, "loop": {"phases": {}, "looks": []}}
        _spoil(draw, state)
        checkpoint.save(path, state)
    elif how == 3:
        checkpoint.save(path, {"started": "2026", "resumed": 1, "energy": None, "loop": {"phases": {"train": 1.0}}})
        content = path.read_bytes()
        path.write_bytes(content[: draw.randrange(len(content))])
    else:
        path.symlink_to(draw.choice(["/dev/null", "/nowhere", str(finished)]))
    if draw.random() < 0.3:
        (broken / saved_name("baseline", fields["seed"])).mkdir()
        (broken / "run-left.part").mkdir()
    return Case("checkpoints", [["race", "--resume", str(broken)]], keeps=[finished, broken])


def _spoil(draw: random.Random, value: Any) -> None:
    """Replace or remove something somewhere in nested plain data."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = draw.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and draw.random() < 0.7:
            value = value[key]
            continue
        if draw.random() < 0.25:
            del value[key]
        else:
            value[key] = draw.choice(_JUNK)
        return


def _command(draw: random.Random, broken: Path, finished: Path) -> list[str]:
    return draw.choice(
        [
            ["report", str(broken)],
            ["report", str(broken), "--target", "0.5"],
            ["race", "--resume", str(broken)],
            ["race", "digits", *QUICK, "--out", str(broken)],
            ["compare", str(broken), str(finished)],
            ["plan", "--race", str(broken)],
        ]
    )
