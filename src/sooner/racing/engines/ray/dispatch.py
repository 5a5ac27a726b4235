"""One round of runs: handed to free workers, watched, repeated where they are lost, and kept as they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import ray
from ray.exceptions import ActorDiedError, OutOfMemoryError, RayError, RayTaskError

from sooner import files
from sooner.errors import SoonerError, StoreError
from sooner.racing.engines.ray.blocks import Blocks
from sooner.racing.engines.ray.fleet import Crew, Fleet
from sooner.racing.engines.ray.machine_kinds import Kinds
from sooner.racing.engines.ray.worker import Outcome
from sooner.racing.failure import Halt
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import is_trial
from sooner.racing.protocols import Watcher
from sooner.racing.record import RunRecord, now
from sooner.results.notices import RunRepeated

_WAIT = 0.25  # seconds between looks at what nobody reports: nodes, and Ctrl-C
_PATIENCE = 60.0  # seconds for a lost node to come back where no other can make what is left
_STOP = 20.0  # seconds to save and end what is under way
_DEATHS = 2  # of a worker by its own fault, and its run is given up
_numbers = count(1)


@dataclass
class _Task:
    """A run on its worker, and what comes of it: the run's outcome, and its next save."""

    run: PlannedRun
    crew: Crew
    outcome: Any
    number: int
    save: Any
    seen: int = 0
    started: str = field(default_factory=now)


class Dispatch:
    """Makes the runs `planned` on the workers of `fleet`.

    Args:
        plan: of the race.
        planned: the runs to be made.
        fleet: what makes them.
        folder: of the race, for the states of runs under way.
        keep: takes each record as its run ends.
        watcher: notified as runs start and end.
    """

    def __init__(
        self,
        plan: Plan,
        planned: Sequence[PlannedRun],
        fleet: Fleet,
        folder: Path,
        keep: Callable[[RunRecord], None],
        watcher: Watcher,
    ) -> None:
        self._plan = plan
        self._fleet = fleet
        self._folder = folder
        self._keep = keep
        self._watcher = watcher
        self._kinds = Kinds(folder, plan)
        self._blocks = Blocks(planned, self._kinds.of_seeds(planned), self._alone)
        self._tasks: list[_Task] = []
        self._afresh: Counter[tuple[str, int]] = Counter()  # times a lost run was begun again from its start
        self._deaths: Counter[tuple[str, int]] = Counter()
        self._stuck_since: float | None = None

    def run(self, interrupted: Callable[[], bool]) -> None:
        """Until all are made. Raises KeyboardInterrupt once `interrupted`, and SoonerError where no node is left."""
        while self._blocks or self._tasks:
            self._fleet.refresh()
            self._kinds.note_refused(self._fleet.refused)
            self._hand_out()
            self._require_progress()
            self._wait()
            self._watcher.stepped()
            if interrupted():
                raise KeyboardInterrupt

    def _alone(self, run: PlannedRun) -> bool:
        """A trial of a learning rate: such runs are compared by examples, wherever they are made."""
        return is_trial(self._plan, run)

    def _hand_out(self) -> None:
        busy = {task.crew for task in self._tasks}
        for crew in self._fleet.ready:
            if crew not in busy and (run := self._blocks.take(crew, crew.kind)) is not None:
                self._start(crew, run)

    def _start(self, crew: Crew, run: PlannedRun) -> None:
        if not self._alone(run):
            self._kinds.put(run.seed, crew.kind)
        saved = self._folder / run.saved
        number = next(_numbers)
        outcome = crew.handle.run.remote(number, run, saved.read_bytes() if saved.exists() else None)
        self._tasks.append(_Task(run, crew, outcome, number, crew.handle.next_save.remote(number, 0)))
        self._watcher.run_started(run)

    def _wait(self) -> None:
        waited = [*self._fleet.starting, *(ref for task in self._tasks for ref in (task.outcome, task.save) if ref)]
        if not waited:
            sleep(_WAIT)
            return
        ready = set(ray.wait(waited, num_returns=1, timeout=_WAIT)[0])
        for task in list(self._tasks):
            if task.save in ready:
                self._take_save(task)
            if task.outcome in ready:
                self._end(task)

    def _take_save(self, task: _Task) -> None:
        try:
            save: tuple[int, bytes] | None = ray.get(task.save)
        except RayError:
            save = None  # what became of the worker, the run's own outcome says
        if save is None:
            task.save = None
            return
        task.seen, state = save
        self._write(task.run, state)
        task.save = task.crew.handle.next_save.remote(task.number, task.seen)

    def _write(self, run: PlannedRun, state: bytes) -> None:
        try:
            files.write_bytes(self._folder / run.saved, state)
        except OSError as error:
            raise StoreError(f"could not write {self._folder / run.saved} ({error}); make room and resume") from error

    def _end(self, task: _Task) -> None:
        self._tasks.remove(task)
        try:
            outcome: Outcome = ray.get(task.outcome)
        except RayTaskError as error:
            if isinstance(error.cause, SoonerError):
                raise error.cause from None
            raise  # a fault in the user's own code: Ray's error shows where
        except RayError as error:
            self._lost(task, error)
            return
        if outcome.record is not None:
            self._finish(task, outcome.record)

    def _finish(self, task: _Task, record: RunRecord) -> None:
        record = replace(
            record,
            resumed=record.resumed + self._afresh[_key(task.run)],
            energy_joules=record.energy_joules if task.crew.alone else None,
            host=task.crew.host,
        )
        self._keep(record)
        (self._folder / task.run.saved).unlink(missing_ok=True)
        self._watcher.run_finished(record)

    def _lost(self, task: _Task, error: RayError) -> None:
        run, saved = task.run, (self._folder / task.run.saved).exists()
        self._fleet.lose(task.crew)
        self._blocks.leave(task.crew)
        at_fault = isinstance(error, OutOfMemoryError) or (
            isinstance(error, ActorDiedError) and "worker process has died" in str(error)
        )
        self._deaths[_key(run)] += at_fault
        if self._deaths[_key(run)] >= _DEATHS:
            self._give_up(task)
            return
        self._blocks.give_back(run)
        self._afresh[_key(run)] += not saved
        self._kinds.note(RunRepeated(task.crew.node.name, run.lane.name, run.seed, process_ended=at_fault, saved=saved))

    def _give_up(self, task: _Task) -> None:
        """Keep a run that ends every worker it is given as one that did not reach the target, and say why."""
        self._finish(
            task,
            RunRecord(
                lane=task.run.lane.name,
                seed=task.run.seed,
                started=task.started,
                finished=now(),
                steps=0,
                examples=0,
                seconds=0.0,
                looks=[],
                phases={},
                stopped=f"its process on {task.crew.node.name} was ended {_DEATHS} times; a system does that when "
                "memory runs out",
                resumed=_DEATHS - 1 - self._afresh[_key(task.run)],
            ),
        )

    def _require_progress(self) -> None:
        if self._tasks or self._fleet.starting:
            self._stuck_since = None
            return
        self._stuck_since = self._stuck_since or monotonic()
        if self._fleet.started and monotonic() - self._stuck_since < _PATIENCE:
            return
        needs = "; ".join(f"seed {seed} a {kind}" for seed, kind in self._blocks.unfinished().items() if kind)
        raise SoonerError(
            f"no node of the cluster can make the remaining runs ({len(self._blocks)} in all)"
            + (f" (begun seeds need the same kind of machine again: {needs})" if needs else "")
            + f"\n{self._fleet.shortage()}\nwhat has ended is kept; go on with --resume when there is such a node"
        )

    def wind_up(self) -> None:
        """Ask all runs under way to save themselves and end, and wait for it; keep those that finish meanwhile."""
        for task in self._tasks:
            task.crew.handle.stop.remote()
        refs = [task.outcome for task in self._tasks]
        ended = set(ray.wait(refs, num_returns=len(refs), timeout=_STOP)[0]) if refs else set()
        for task in self._tasks:
            if task.outcome not in ended:
                continue
            try:
                outcome: Outcome = ray.get(task.outcome)
            except RayError:
                continue  # its last save is what there is
            if outcome.record is not None:
                with suppress(Halt):  # the race ends already, and the others must be kept, too
                    self._finish(task, outcome.record)
            elif outcome.state is not None:
                self._write(task.run, outcome.state)


def _key(run: PlannedRun) -> tuple[str, int]:
    return run.lane.name, run.seed
