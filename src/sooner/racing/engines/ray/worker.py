"""What makes runs on a node: one process with cores or a device of its own, and the data loaded once."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition, Event
from time import monotonic
from typing import Any

import torch

from sooner.racing.engines.ray import guard
from sooner.racing.machine import describe as machine
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.protocols import Runs
from sooner.racing.record import RunRecord
from sooner.tasks import Data, load_data
from sooner.training.evaluation import Stopped

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# What belongs to a node, or to Ray's own worker, whatever the driver has.
_ITS_OWN = ("CUDA_VISIBLE_DEVICES", "HOSTNAME", "TMPDIR")


@dataclass(frozen=True)
class Job:
    """What every worker of a race needs to know.

    Attributes:
        plan: of the race, as the driver has it.
        save_every: seconds between saves of the run under way.
        keep_going: whether metrics are believed whatever their scale.
        folder: where the driver runs; taken where there is such a folder.
        environment: the driver's variables.
        runs: what makes the runs, as bytes of cloudpickle; None to make it from the plan and the data.
    """

    plan: Plan
    save_every: float
    keep_going: bool
    folder: str
    environment: Mapping[str, str]
    runs: bytes | None


@dataclass(frozen=True)
class Found:
    """What a worker found where it is: its kind of machine, in a word, and what runs must share to be compared."""

    kind: str
    environment: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its record; or, where it was stopped, None and its saved state if it can be saved."""

    record: RunRecord | None
    state: bytes | None = None


class Worker:
    """Makes one run at a time. Its other methods are called meanwhile, from other threads."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._asked = Event()
        self._changed = Condition()
        self._ended = 0  # the run that ended last
        self._saves = (0, 0)  # the run that was saved last, and how often it was
        self._saved: Path | None = None
        self._warm: set[str] = set()

    def prepare(self, data: Data | None) -> Found:
        """Get ready for the first run: surroundings as the driver's, and the data, loaded here unless they are given.

        Raises whatever loading them raises.
        """
        plan = self._job.plan
        self._settle(plan.threads)
        takes_any = not plan.task.data and torch.cuda.is_available()
        device = "cuda:0" if plan.device != "cpu" or takes_any else "cpu"  # Ray shows a worker its own device alone
        if plan.device != "cpu":
            plan = replace(plan, device=device)
        if data is None and plan.task.data:
            data = load_data(plan.task.data, **{**plan.task.options, "in_memory": False})
        self._runs = self._make(plan, data)
        described = machine.describe(torch.device(device))
        return Found(described.get("accelerator", described["cpu"]), self._runs.environment())

    def _settle(self, threads: int) -> None:
        mark = uuid.uuid4().hex
        for name, value in self._job.environment.items():
            if name not in _ITS_OWN and not name.startswith("RAY_"):
                os.environ[name] = value
        os.environ.update(dict.fromkeys(_THREADS, str(threads)))
        os.environ[guard.VARIABLE] = mark
        if os.path.isdir(self._job.folder):
            os.chdir(self._job.folder)
            if self._job.folder not in sys.path:
                sys.path.insert(0, self._job.folder)  # the user's own models and data are looked for there
        self._scratch = Path(tempfile.gettempdir()) / f"sooner-worker-{mark}"
        self._guard = subprocess.Popen(
            [sys.executable, "-P", guard.__file__, mark, str(self._scratch)],
            stdin=subprocess.PIPE,  # it ends with this process, whatever ends that
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._guard.wait()  # until it has left this process's group, and is not ended with it
        self._scratch.mkdir(mode=0o700)

    def _make(self, plan: Plan, data: Data | None) -> Runs:
        if self._job.runs is not None:
            from ray import cloudpickle

            runs: Runs = cloudpickle.loads(self._job.runs)
            return runs
        from sooner.racing.runs import make_runs

        return make_runs(plan, data, keep_going=self._job.keep_going)

    def run(self, number: int, run: PlannedRun, state: bytes | None) -> Outcome:
        """Make a run, from a saved state if there is one. `number` is above that of all runs before."""
        torch.set_num_threads(self._job.plan.threads)  # Ray gives each call its own thread, and threads count by thread
        saved = self._scratch / run.saved
        if state is not None:
            saved.write_bytes(state)
        self._saved = saved
        try:
            if run.lane.name not in self._warm:
                self._runs.warm_up([run.lane])
                self._warm.add(run.lane.name)
            record = self._runs.run(run.lane, run.seed, saved=saved, on_step=self._between_steps(number))
            return Outcome(record)
        except Stopped:
            return Outcome(None, _read(saved))
        finally:
            saved.unlink(missing_ok=True)
            with self._changed:
                self._ended = number
                self._changed.notify_all()

    def _between_steps(self, number: int) -> Callable[[Callable[[], None]], None]:
        last, saves = monotonic(), 0

        def on_step(save: Callable[[], None]) -> None:
            nonlocal last, saves
            if self._asked.is_set():
                save()
                raise Stopped
            if monotonic() - last >= self._job.save_every:
                save()
                last, saves = monotonic(), saves + 1
                with self._changed:
                    self._saves = (number, saves)
                    self._changed.notify_all()

        return on_step

    def next_save(self, number: int, seen: int) -> tuple[int, bytes] | None:
        """Wait for a save of run `number` after its first `seen` ones, and return it; None where the run has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._saves > (number, seen) or self._ended >= number)
            saves, ended = self._saves[1], self._ended >= number
        state = None if ended or self._saved is None else _read(self._saved)
        return None if state is None else (saves, state)

    def stop(self) -> None:
        """Save the run under way, if it can be, and end it at its next step."""
        self._asked.set()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # it cannot be saved, or has just ended
        return None
