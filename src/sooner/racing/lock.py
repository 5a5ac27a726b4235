"""One race process per folder."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from sooner import files
from sooner.errors import StoreError
from sooner.racing.store import NAME


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process. A lock left by a process that is gone is taken over.

    Raises StoreError if another live process races there, or the lock cannot be written, or is no file of its own.
    """
    path = folder / "race.lock"
    if (other := files.unusual(path)) is not None:
        raise StoreError(f"could not write {path}: it is {other}; remove it, or choose a folder to write in")
    me = psutil.Process()
    try:
        with _undisturbed(folder):
            holder = _holder(path)
            if holder is not None:
                raise StoreError(f"{folder} is being raced in by process {holder}; wait for it, or stop it first")
            files.write_text(path, json.dumps({"pid": me.pid, "created": me.create_time()}))
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"could not write {path}: {error}; make room, or choose a folder to write in") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _undisturbed(folder: Path) -> Iterator[None]:
    """Between looking at the lock and writing it no other process may do either: the store's own lock keeps it out."""
    database = sqlite3.connect(folder / NAME, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        yield
    finally:
        database.close()


def _holder(path: Path) -> int | None:
    """The live process that holds the lock, if any. A recycled process number is recognised by its start time."""
    try:
        held = json.loads(path.read_text())
        process = psutil.Process(held["pid"])
        alive = abs(process.create_time() - held["created"]) < 1 and held["pid"] != os.getpid()
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError, psutil.Error):
        return None
    return int(held["pid"]) if alive else None
