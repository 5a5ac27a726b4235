"""One run: a recipe, a seed, and the clock around everything the method touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor

from sooner._types import require_types
from sooner.batch import Batch
from sooner.errors import SoonerError, StoreError
from sooner.racing.machine.energy import EnergyMeter
from sooner.racing.machine.reference import Reference
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.raised import raised
from sooner.racing.recipes.assemble import Site, assemble
from sooner.racing.record import RunRecord, now
from sooner.random import isolated
from sooner.tasks import Data
from sooner.tasks._base import Examples
from sooner.tasks.split import split
from sooner.training import checkpoint
from sooner.training.accuracy import accuracy
from sooner.training.clock import Clock
from sooner.training.evaluation import Evaluation, Stopped
from sooner.training.loading import evaluation_batches
from sooner.training.loop import Loop

EVALUATION_BATCH = 1000


@dataclass(frozen=True)
class Ground:
    """What all runs of a race share: the data on its device, how it is normalised, and the evaluation grid."""

    data: Data
    device: torch.device
    mean: Tensor | None
    std: Tensor | None
    every: int
    validation: float
    workers: int


def run_lane(
    lane: PlannedLane,
    seed: int,
    ground: Ground,
    *,
    saved: Path,
    on_look: Callable[[Evaluation], None] = lambda look: None,
    on_step: Callable[[Callable[[], None]], None] = lambda save: None,
) -> RunRecord:
    """Run `lane` with `seed` to the end of its budget, from the checkpoint at `saved` if there is one.

    All lanes of a seed share its split, its initial weights and its order stream. `on_step` gets a function that
    saves the run to `saved`; it may raise `Stopped` after calling it.

    A run that diverges, runs out of memory or raises anything but a SoonerError is a record too, with `stopped` saying
    so.
    """
    state = _saved(saved) if saved.exists() else None
    started = state["started"] if state else now()
    resumed = state["resumed"] + 1 if state else 0
    meter = EnergyMeter.for_device(ground.device, spent=(state["energy"] or 0.0) if state else 0.0)
    clock = Clock(ground.device, state["loop"]["phases"] if state else None, meter)
    if ground.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(ground.device)
    memory = _Memory(ground.device)
    reference = Reference(ground.device)
    loop: Loop | None = None
    test_metric: float | None = None
    stopped: str | None = None
    output: str | None = None

    def save() -> None:
        assert loop is not None
        with clock.phase("checkpoint"):
            checkpoint.save(
                saved, {"started": started, "resumed": resumed, "energy": meter.joules, "loop": loop.state_dict()}
            )

    def look(evaluation: Evaluation) -> None:
        memory.sample()
        reference.poll()
        on_look(evaluation)

    def step() -> None:
        meter.poll()
        on_step(save)

    reference.measure()
    with isolated(seed, "model", device=ground.device):
        try:
            loop = _prepare(lane, seed, ground, clock, resumed=state is not None)
            if state:
                _load(loop, state["loop"], saved)
            loop.run(on_look=look, on_step=step)
            stopped = loop.failure
            if stopped is None:
                with clock.phase("evaluate"), loop.stepper.evaluated():
                    test_metric = accuracy(loop.model, _batches(ground, ground.data.test))
        except (Stopped, SoonerError):
            raise
        except Exception as error:
            if out_of_memory(error):
                stopped = (
                    f"out of memory on {ground.device}; lower its batch_size ({lane.recipe.batch_size}) or raise "
                    f"accumulate ({lane.recipe.accumulate})"
                )
            else:
                stopped, output = raised(error)
        finally:
            if loop is not None:
                loop.loader.close()  # its worker processes must not live on into another lane's time
    memory.sample()
    if stopped is None:  # else the device may not even take this
        reference.measure()
    return RunRecord(
        lane=lane.name,
        seed=seed,
        started=started,
        finished=now(),
        steps=loop.step if loop else 0,
        examples=loop.examples if loop else 0,
        seconds=clock.seconds,
        looks=loop.looks if loop else [],
        phases=clock.phases,
        test_metric=test_metric,
        peak_memory_bytes=memory.peak,
        flops=loop.operations.dense if loop else None,
        sparse_flops=loop.operations.sparse if loop else None,
        stopped=stopped,
        resumed=resumed,
        output=output,
        energy_joules=meter.joules,
        reference=reference.seconds,
    )


@dataclass(frozen=True)
class _Saved:
    """What a checkpoint of a run holds beside the loop's state."""

    started: str
    resumed: int
    energy: float | None
    phases: dict[str, float]


def _saved(path: Path) -> dict[str, Any]:
    state = checkpoint.load(path)
    try:
        require_types(_Saved(state["started"], state["resumed"], state["energy"], state["loop"]["phases"]))
    except (LookupError, TypeError) as error:
        raise _unusable(path, error) from error
    return state


def _load(loop: Loop, state: dict[str, Any], saved: Path) -> None:
    try:
        loop.load_state_dict(state)
        if not all(isinstance(count, int) for count in (loop.step, loop.examples, loop.trained, loop.scored)):
            raise TypeError("its counts are not whole numbers")
        for look in loop.looks:
            require_types(look)
    except Exception as error:
        if out_of_memory(error):
            raise
        raise _unusable(saved, error) from error


def _unusable(saved: Path, error: Exception) -> StoreError:
    said = " ".join(str(error).split())[:200]  # PyTorch lists every tensor
    what = f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {said}"
    return StoreError(
        f"{saved} was saved by another version of sooner, or is damaged, and this run cannot go on from it ({what}); "
        "delete it to start this run again"
    )


def _prepare(lane: PlannedLane, seed: int, ground: Ground, clock: Clock, *, resumed: bool) -> Loop:
    # The split belongs to the race, not to the lane: it is made before the clock starts.
    train_rows, validation_rows = split(ground.data.train.targets, ground.validation, seed)
    validation = ground.data.train.subset(validation_rows)
    site = Site(
        ground.data.train.subset(train_rows),
        len(ground.data.classes),
        ground.device,
        ground.mean,
        ground.std,
        ground.workers,
    )
    return assemble(
        lane.recipe,
        site,
        seed,
        evaluate=lambda module: accuracy(module, _batches(ground, validation)),
        every=ground.every,
        clock=clock,
        paying=Clock(ground.device) if resumed else clock,  # a resumed run's clock holds what it has paid
    )


def _batches(ground: Ground, examples: Examples) -> Iterator[Batch]:
    return evaluation_batches(examples, EVALUATION_BATCH, device=ground.device, mean=ground.mean, std=ground.std)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of the device's allocator, or the host's, says that memory has run out."""
    text = str(error)
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in text


class _Memory:
    """The most memory seen: the device's own count where it keeps one, else this process's resident set."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.peak = 0

    def sample(self) -> None:
        if self._device.type == "cuda":
            self.peak = torch.cuda.max_memory_allocated(self._device)
        else:
            self.peak = max(self.peak, int(psutil.Process().memory_info().rss))
