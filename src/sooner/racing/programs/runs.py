"""Runs of programs: started, followed, timed and ended."""

from __future__ import annotations

import hashlib
import os
import platform
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from sooner._version import __version__
from sooner.racing.machine import describe as machine
from sooner.racing.machine.reference import Reference
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.programs.execution import Execution
from sooner.racing.programs.journal import Journal
from sooner.racing.programs.program import Program
from sooner.racing.programs.sources import Sources
from sooner.racing.programs.template import require_executable
from sooner.racing.programs.text import plain
from sooner.racing.record import RunRecord, now
from sooner.training.evaluation import Evaluation

_POLL = 0.05  # seconds
_SOURCE = 2**20  # bytes: larger files are data, not code
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ProgramRuns:
    """Makes the runs of a race of programs.

    The clock starts when the program is started, so its imports and its reading of data count; it stands still in
    `sooner.report`. The seconds that a program tells of itself are used only where its `own_seconds` asks for them.
    What it writes is not shown. Whatever it started is ended with it. The machine's pace is measured on the CPU, before
    and after a run: while a program runs, the race does not compete with it.


    Args:
        programs: those that will run; that each can be started here is checked.
        threads: of the CPU that each should use: sets OMP_NUM_THREADS and the like. None leaves that to them.
        target: a metric that looks like a percentage of it ends its run; None believes any.

    Raises:
        RecipeError: a program is not there.
    """

    def __init__(
        self, programs: Iterable[Program] = (), *, threads: int | None = None, target: float | None = None
    ) -> None:
        self._programs = tuple(programs)
        self._threads = threads
        self._target = target
        for program in self._programs:
            require_executable(program.command)

    def environment(self) -> dict[str, Any]:
        """Machine, folder, and the fingerprints of the files that the commands name, up to 1 MiB each."""
        device = machine.pick_device()
        described = machine.describe(device)
        named = {word for program in self._programs for word in program.arguments(0)}
        files = {word: digest for word in sorted(named) if (digest := _fingerprint(Path(word))) is not None}
        return {
            "cpu": described["cpu"],
            **({"accelerator": described["accelerator"]} if device.type == "cuda" else {}),
            **({"threads": self._threads} if self._threads is not None else {}),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "sooner": __version__,
            "folder": str(Path.cwd()),
            "files": files,
        }

    def warm_up(self, lanes: Sequence[PlannedLane]) -> None:
        """Nothing: only a run could warm a program up, and what else it does, such as writing files, is not known."""

    def run(
        self,
        lane: PlannedLane,
        seed: int,
        *,
        saved: Path,
        on_look: Callable[[Evaluation], None] = lambda look: None,
        on_step: Callable[[Callable[[], None]], None] = lambda save: None,
    ) -> RunRecord:
        """Run the program of `lane` with `seed` to its end; `saved` is not used, since a program cannot be saved.

        `on_step` is called every 0.05 s. What it raises passes through, all processes of the program ended before.
        """
        program = _program(lane)
        started = now()
        reference = Reference()
        reference.measure()
        with tempfile.TemporaryDirectory(prefix="sooner-", ignore_cleanup_errors=True) as folder:
            try:
                execution = Execution(program.arguments(seed), self._variables(), Path(folder), program.reader())
            except (OSError, ValueError) as error:
                reason = f"it could not be started: {error}"
                return RunRecord(lane.name, seed, started, now(), 0, 0, 0.0, [], {}, stopped=reason)
            sources = Sources(
                execution.started,
                on_look,
                reports=program.metric is None,
                own_seconds=program.own_seconds,
                target=self._target,
            )
            with execution:
                stopped = _follow(execution, sources, program.timeout, on_step)
                end = execution.exit.moment if execution.exit else time.monotonic()
            if stopped is None:
                _hear(execution, sources)
                stopped = _reason(execution, sources.journal, program)
        reference.measure()
        journal = sources.journal
        last = journal.looks[-1] if journal.looks else None
        seconds = journal.clock.seconds(end)
        return RunRecord(
            lane=lane.name,
            seed=seed,
            started=started,
            finished=now(),
            steps=last.step if last else 0,
            examples=last.examples if last else 0,
            seconds=seconds,
            looks=journal.looks,
            phases={"run": seconds, "evaluate": journal.clock.paused},
            peak_memory_bytes=execution.tree.peak or None,
            stopped=plain(stopped) if stopped else None,
            output=execution.tail.text if stopped else None,
            told_seconds=journal.told_seconds,
            reference=reference.seconds,
        )

    def _variables(self) -> dict[str, str]:
        # Python holds back what it writes to a pipe, and its lines would come too late to be timed.
        threads = {name: str(self._threads) for name in _THREADS} if self._threads is not None else {}
        return {**os.environ, "PYTHONUNBUFFERED": "1", **threads}


def _follow(
    execution: Execution, sources: Sources, timeout: float | None, on_step: Callable[[Callable[[], None]], None]
) -> str | None:
    """Until the program has ended, or why it must not go on."""
    ended = False
    while not ended:
        ended = execution.wait(_POLL)
        execution.tree.sample()
        _hear(execution, sources)
        if sources.fault is not None:
            return sources.fault
        on_step(lambda: None)
        if timeout is not None and not ended and execution.silent > timeout:
            return f"it was silent for {timeout:g} s (--timeout)"
    return None


def _hear(execution: Execution, sources: Sources) -> None:
    for message in execution.news():
        sources.take(message)


def _reason(execution: Execution, journal: Journal, program: Program) -> str | None:
    """Why a program that has ended is not one that ended well."""
    status = execution.exit.status if execution.exit else 0
    if journal.fault is not None:
        return journal.fault
    if status < 0:
        hint = "; the system does that when memory runs out" if -status == signal.SIGKILL else ""
        return f"it was ended by {_signal(-status)}{hint}"
    if status > 0 and journal.broken is not None:  # it diverged, and gave up for that
        return f"its last metric was {journal.broken}, and it exited with status {status}"
    if status > 0:
        return f"it exited with status {status}"
    if journal.broken is not None:
        return f"its last metric was {journal.broken}"
    if journal.looks:
        return None
    if execution.unreadable is not None:
        return f"it ended without a metric: {execution.unreadable}"
    if program.metric is not None:
        return f"it ended without a metric: no line of its output, standard error included, matches {program.metric!r}"
    return (
        'it ended without a metric: it printed no JSON line with a "metric", on standard error neither, and did not '
        "call sooner.report"
    )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _fingerprint(path: Path) -> str | None:
    try:
        if path.is_file() and path.stat().st_size <= _SOURCE:
            return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    except (OSError, ValueError):
        pass
    return None


def _program(lane: PlannedLane) -> Program:
    if not isinstance(lane.entry, Program):
        raise TypeError(f"lane {lane.name} runs {type(lane.entry).__name__}, not a program")
    return lane.entry
