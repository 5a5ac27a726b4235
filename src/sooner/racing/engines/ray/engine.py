"""`RayEngine`: the runs of a race on the workers of a cluster, their records to the one writer of its store."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray import cloudpickle

from sooner.errors import SoonerError
from sooner.racing.engines.local import interruptible
from sooner.racing.engines.ray.cluster import Devices, connect
from sooner.racing.engines.ray.dispatch import Dispatch
from sooner.racing.engines.ray.fleet import HARDWARE, Fleet
from sooner.racing.engines.ray.worker import Job
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.protocols import Runs, Watcher
from sooner.racing.record import RunRecord
from sooner.tasks import Data
from sooner.tasks.examples import InMemory


class RayEngine:
    """Carries runs out on a Ray cluster, many at once, each with a device or a set of cores of its own. See `Engine`.

    The runs of a seed follow each other on one worker; should that be lost, on another of the same kind of machine. A
    run whose worker or node is lost is repeated, from its last save if there is one. Workers and connection are kept
    from one call of `run` to the next, until `close` or the end of the engine.

    Args:
        plan: of the race.
        data: of a race of recipes. What is held in memory is sent to each worker once; what is read from disk must be
            found by its name or path on every node.
        save_every: seconds between saves of each run under way, kept in the race's folder where the driver runs.
        keep_going: believe metrics whatever their scale.
        runs: what makes the runs, where the plan and the data do not say it: Python functions, sent as they are.

    Raises:
        SoonerError: `runs` cannot be sent to other processes.
    """

    def __init__(
        self,
        plan: Plan,
        data: Data | None,
        *,
        save_every: float = 30.0,
        keep_going: bool = False,
        runs: Runs | None = None,
    ) -> None:
        self._plan = plan
        self._data = data
        self._runs = runs
        packed = None if runs is None else _packed(runs)
        self._job = Job(plan, save_every, keep_going, os.getcwd(), dict(os.environ), packed)
        self._fleet: Fleet | None = None
        self._end: Callable[[], Any] = lambda: None

    def environment(self) -> Mapping[str, Any]:
        """See `Engine`. Hardware and threads are those of the plan: this process trains nothing; workers are asked."""
        runs = self._runs
        if runs is None:
            from sooner.racing.runs import make_runs

            runs = make_runs(self._plan, self._data)
        trains = (*HARDWARE, "threads")
        planned = {key: value for key, value in self._plan.environment.items() if key in trains}
        return {key: value for key, value in runs.environment().items() if key not in trains} | planned

    def run(
        self, planned: Sequence[PlannedRun], folder: Path, keep: Callable[[RunRecord], None], watcher: Watcher
    ) -> None:
        """See `Engine`. Raises SoonerError where no node can make the runs that are left."""
        if self._fleet is None:
            disconnect = connect()
            self._fleet = Fleet(self._job, self._sent(), self._devices())
            self._end = weakref.finalize(self, _leave, self._fleet, disconnect)
        dispatch = Dispatch(self._plan, planned, self._fleet, folder, keep, watcher)
        with interruptible() as interrupted:
            try:
                dispatch.run(interrupted)
            except BaseException:
                try:
                    dispatch.wind_up()
                finally:
                    self.close()
                raise

    def close(self) -> None:
        """End the workers, and leave the cluster; one that was started here ends, too."""
        self._end()
        self._fleet = None

    def _sent(self) -> Data | None:
        return self._data if self._data is not None and isinstance(self._data.train, InMemory) else None

    def _devices(self) -> Devices:
        if self._plan.device != "cpu":
            return "needed"
        return "none" if self._plan.task.data else "any"


def _packed(runs: Runs) -> bytes:
    try:
        packed: bytes = cloudpickle.dumps(runs)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise SoonerError(
            f"these functions cannot be sent to other processes ({error}); let them open files, connections and the "
            "like themselves, or race in this process"
        ) from error
    return packed


def _leave(fleet: Fleet, disconnect: Callable[[], None]) -> None:
    fleet.close()
    disconnect()
