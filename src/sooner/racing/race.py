"""A race from its plan to its results: runs what is missing, keeps each run as it ends, and scores them all."""

from __future__ import annotations

import signal
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any, Protocol

import torch

from sooner.errors import StoreError
from sooner.racing import machine
from sooner.racing.controls import PlannedLane
from sooner.racing.lock import locked
from sooner.racing.plan import VALIDATION, Plan, refuse_mismatch
from sooner.racing.precision import warm_up
from sooner.racing.results import Results
from sooner.racing.runner import Ground, run_lane
from sooner.racing.scoring import score
from sooner.racing.store import Record, Store
from sooner.tasks import Data, models
from sooner.training.loading import channel_statistics
from sooner.training.loop import Look, Stopped

_NOISY = 0.10  # relative spread of a lane's seconds per step from run to run


class Watcher(Protocol):
    """Is told how a race goes on. Every method is called between steps, off the clock."""

    def run_started(self, lane: PlannedLane, seed: int, position: int) -> None: ...
    def looked(self, look: Look) -> None: ...
    def stepped(self) -> None: ...
    def run_finished(self, record: Record) -> None: ...


def environment(data: Data, device: torch.device) -> dict[str, Any]:
    """What runs must share to be compared, and hence what a resumed race must find again."""
    described, versions = machine.describe(device), machine.versions()
    keys = ("cpu", "threads", "accelerator")
    return {
        "data": data.fingerprint,
        **{key: described[key] for key in keys if key in described},
        **{key: versions[key] for key in ("sooner", "torch")},
    }


def start(folder: Path, plan: Plan, data: Data) -> None:
    """Write the plan of a new race into `folder`. Raises StoreError if there is a race already."""
    store = Store(folder, create=True)
    device = torch.device(plan.device)
    store.put("machine", machine.describe(device))
    store.put("versions", machine.versions())
    store.put(
        "data",
        {
            "name": data.name,
            "kind": data.kind,
            "n_train_and_validation": len(data.train),
            "validation_share": VALIDATION,
            "n_test": len(data.test),
            "classes": list(data.classes),
            "shape": list(data.shape),
            "fingerprint": data.fingerprint,
            "skipped": len(data.skipped),
        },
    )
    store.put("plan", plan.to_dict())
    store.close()


def load_plan(folder: Path) -> Plan:
    """The plan of the race in `folder`."""
    store = Store(folder)
    try:
        return _plan(store)
    finally:
        store.close()


def _plan(store: Store) -> Plan:
    fields = store.get("plan")
    if fields is None:
        raise StoreError(f"the race in {store.folder} was stopped before its plan was written; start it again")
    return Plan.from_dict(fields)


def finished(folder: Path) -> list[Record]:
    """The runs of the race in `folder` that have ended."""
    store = Store(folder)
    try:
        return store.records()
    finally:
        store.close()


def note(folder: Path, text: str) -> None:
    """Keep a warning that the race's report shows."""
    store = Store(folder)
    try:
        store.note(text)
    finally:
        store.close()


def results(folder: Path) -> Results:
    """Score what the race in `folder` has run so far."""
    store = Store(folder)
    try:
        return score(_plan(store), store)
    finally:
        store.close()


def run(folder: Path, data: Data, watcher: Watcher, *, save_every: float = 30.0) -> None:
    """Run what is missing of the race in `folder`.

    Each run is in the store from the moment it ends; the one under way is saved every `save_every` seconds, and at
    Ctrl-C, so nothing but the last seconds is ever done twice, and a resumed race has the metrics of an unbroken one.

    Raises:
        KeyboardInterrupt: it was stopped by Ctrl-C, cleanly.
        StoreError: it cannot go on here (other data, versions or machine), or the store cannot be written.
    """
    store = Store(folder)
    try:
        with locked(folder):
            plan = _plan(store)
            device = torch.device(plan.device)
            torch.set_num_threads(plan.threads)
            refuse_mismatch(plan, environment(data, device))
            done = {(record.lane, record.seed) for record in store.records()}
            _sweep(folder, plan, done)
            missing = [(i, lane, seed) for i, (lane, seed) in enumerate(plan.runs) if (lane.name, seed) not in done]
            if missing:
                busy = machine.busy_warning(machine.load_by_others())
                if busy:
                    store.note(busy)
                _run_missing(store, plan, data, device, missing, watcher, save_every)
                _note_noise(store)
    finally:
        store.close()


def _run_missing(
    store: Store,
    plan: Plan,
    data: Data,
    device: torch.device,
    missing: list[tuple[int, PlannedLane, int]],
    watcher: Watcher,
    save_every: float,
) -> None:
    mean, std = channel_statistics(data.train)
    data = Data(**{**vars(data), "train": data.train.to(device), "test": data.test.to(device)})
    ground = Ground(data, device, mean, std, plan.every, VALIDATION, plan.workers)
    _warm_up([lane for _, lane, _ in missing], data, device)
    with _interruptible() as interrupted:
        for position, lane, seed in missing:
            watcher.run_started(lane, seed, position)
            saved = _saved(store.folder, position)
            last_saved = monotonic()

            def on_step(save: Callable[[], None]) -> None:
                nonlocal last_saved
                watcher.stepped()
                if interrupted():
                    save()
                    raise Stopped
                if monotonic() - last_saved >= save_every:
                    save()
                    last_saved = monotonic()

            try:
                record = run_lane(lane, seed, ground, saved=saved, on_look=watcher.looked, on_step=on_step)
            except Stopped:
                raise KeyboardInterrupt from None
            store.add(record)
            saved.unlink(missing_ok=True)
            watcher.run_finished(record)
            if interrupted():
                raise KeyboardInterrupt


def _saved(folder: Path, position: int) -> Path:
    return folder / f"run-{position}.safetensors"


def _sweep(folder: Path, plan: Plan, done: set[tuple[str, int]]) -> None:
    """Remove what a killed process left: half-written saves, and saves of runs that are in the store."""
    for part in folder.glob("run-*.part"):
        part.unlink()
    for position, (lane, seed) in enumerate(plan.runs):
        if (lane.name, seed) in done:
            _saved(folder, position).unlink(missing_ok=True)


def _warm_up(lanes: list[PlannedLane], data: Data, device: torch.device) -> None:
    """Before the first run, so that it does not pay for what all later ones find ready."""
    steps = {
        (lane.recipe.model, lane.recipe.batch_size // lane.recipe.accumulate, lane.recipe.precision) for lane in lanes
    }
    for name, batch_size, precision in sorted(steps):
        try:
            model = models.build(name, data.shape, len(data.classes), seed=0)
            warm_up(model, data.shape, batch_size, device, precision)
        except (RuntimeError, MemoryError):
            continue  # its run will meet the same, and record it


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a question that is asked between steps; the second one stops at once."""
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    try:
        before = signal.signal(signal.SIGINT, handle)
    except ValueError:  # not in the main thread: whoever owns it handles Ctrl-C
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _note_noise(store: Store) -> None:
    """Warn where a lane's seconds per step differed much between its runs: the machine was not steady."""
    paces: dict[str, list[float]] = {}
    for record in store.records():
        if record.steps:
            paces.setdefault(record.lane, []).append(record.phases.get("train", 0.0) / record.steps)
    spreads = {lane: statistics.stdev(pace) / statistics.mean(pace) for lane, pace in paces.items() if len(pace) >= 3}
    noisy = {lane: spread for lane, spread in spreads.items() if spread > _NOISY}
    if noisy:
        worst = max(noisy, key=lambda lane: noisy[lane])
        store.note(
            f"seconds per step varied by {noisy[worst]:.0%} (sd over mean) between the runs of {worst}: this machine "
            "was not steady; the calibrated clock is the one to read"
        )
