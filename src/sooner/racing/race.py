"""A race from its plan to its results: runs what is missing, keeps each run as it ends, and scores them all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from sooner.errors import SoonerError, StoreError
from sooner.racing import provenance
from sooner.racing.failure import Sentry
from sooner.racing.leftovers import Leftovers
from sooner.racing.lock import locked
from sooner.racing.machine import describe as machine
from sooner.racing.machine.energy import EnergyMeter
from sooner.racing.plan.agenda import agenda
from sooner.racing.plan.lanes import saved_name
from sooner.racing.plan.plan import Plan, refuse_mismatch
from sooner.racing.plan.tuning import settled
from sooner.racing.protocols import Engine, Together, Watcher
from sooner.racing.record import RunRecord
from sooner.racing.runs import own_code, read_entry
from sooner.racing.scoring import score
from sooner.racing.starts import Starts
from sooner.racing.store import Store
from sooner.results.notices import Notice, OtherPrograms
from sooner.results.records import Results
from sooner.results.suspicions import LeftBehind


def start(folder: Path, plan: Plan, data: Mapping[str, Any] | None = None) -> None:
    """Write the plan of a new race into `folder`, and what its report says of the data.

    Raises StoreError if there is a race already.
    """
    store = Store(folder, create=True)
    device = torch.device(plan.device)
    energy = EnergyMeter.for_device(device).label
    store.put("machine", {**machine.describe(device), "energy": energy})
    store.put("versions", machine.versions())
    store.put("data", dict(data or {}))
    store.put("plan", plan.to_dict())
    store.close()


def load_plan(folder: Path) -> Plan:
    """The plan of the race in `folder`."""
    store = Store(folder)
    try:
        return stored_plan(store)
    finally:
        store.close()


def stored_plan(store: Store) -> Plan:
    """The plan that `store` holds. Raises StoreError where it holds none."""
    fields = store.get("plan")
    if fields is None:
        raise StoreError(f"the race in {store.folder} was stopped before its plan was written; start it again")
    with store.sound():
        return Plan.from_dict(fields, read_entry)


def finished(folder: Path) -> list[RunRecord]:
    """The runs of the race in `folder` that have ended."""
    store = Store(folder)
    try:
        return store.records()
    finally:
        store.close()


def note(folder: Path, notice: Notice) -> None:
    """Keep a notice that the race's report shows."""
    store = Store(folder)
    try:
        store.note(notice)
    finally:
        store.close()


def results(folder: Path) -> Results:
    """Score what the race in `folder` has run so far."""
    store = Store(folder)
    try:
        plan = stored_plan(store)
        with store.sound():
            return score(plan, store)
    finally:
        store.close()


def run(folder: Path, engine: Engine, watcher: Watcher, *, keep_going: bool = False) -> None:
    """Run what is missing of the race in `folder`.

    Each run is in the store from the moment it ends; what is under way is saved from time to time, and at Ctrl-C, so
    nothing but the last seconds is ever done twice, and a resumed race has the metrics of an unbroken one.

    With `keep_going` a run that failed (`RunRecord.failed`) does not end the race.

    Raises:
        KeyboardInterrupt: it was stopped by Ctrl-C, cleanly.
        Halt: it was stopped, as cleanly, after a run that failed or whose metric is not on the target's scale. That
            run is in the store as well; called again, the race goes on with the others.
        StoreError: it cannot go on here (other data, versions or machine), or the store cannot be written.
    """
    store = Store(folder)
    try:
        with locked(folder):
            plan = stored_plan(store)
            environment = engine.environment()
            refuse_mismatch(plan, environment, code=own_code(plan))
            records = store.records()
            place = provenance.number(store, plan, environment) if agenda(plan, records) else 0
            _sweep(folder, records)
            if agenda(plan, records) and machine.is_busy(share := machine.load_by_others()):
                store.note(OtherPrograms(share))

            def keep(made: RunRecord) -> None:
                record = starts.counted(replace(made, environment=place))
                store.add(record)
                if record.left_behind:
                    store.note(LeftBehind(record.lane, tuple(record.left_behind)))
                starts.ended(record)
                records.append(record)

            starts = Starts(store, records)
            watchers = Together(
                starts, Leftovers(store.note), watcher, Sentry(plan.target, store.note, keep_going=keep_going)
            )
            try:
                while planned := agenda(plan, records):
                    if (rated := settled(plan, records)) != plan:
                        plan = rated
                        store.put("plan", plan.to_dict())
                    engine.run(planned, folder, keep, watchers)
            except SoonerError:
                starts.refused()
                raise
    finally:
        store.close()


def _sweep(folder: Path, records: list[RunRecord]) -> None:
    """Remove what a killed process left: half-written saves, and saves of runs that are in the store."""
    left = [*folder.glob("run-*.part"), *(folder / saved_name(record.lane, record.seed) for record in records)]
    for path in left:
        with suppress(OSError):  # what cannot be removed is in nobody's way
            path.unlink(missing_ok=True)
