"""The runs of a race of recipes: the data on their device, and everything ready before the first clock starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from sooner.racing.machine import describe as machine
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.recipes.precision import warm_up
from sooner.racing.recipes.run import Ground, run_lane
from sooner.racing.record import RunRecord
from sooner.racing.surroundings import kept
from sooner.tasks import Data, models
from sooner.training.evaluation import Evaluation
from sooner.training.loading import channel_statistics


def environment(data: Data, device: torch.device) -> dict[str, Any]:
    """What runs must share to be compared, so what must be the same when a race is resumed."""
    return {"data": data.fingerprint, **machine.kind(device)}


def describe(data: Data, validation: float) -> dict[str, Any]:
    """What a race's report says of its data; `validation` is the share of the training data that is validated on."""
    return {
        "name": data.name,
        "kind": data.kind,
        "n_train_and_validation": len(data.train),
        "validation_share": validation,
        "n_test": len(data.test),
        "classes": list(data.classes),
        "shape": list(data.shape),
        "fingerprint": data.fingerprint,
        "skipped": len(data.skipped),
    }


class RecipeRuns:
    """Makes runs of recipes on `data`, on the device and with the threads that `plan` says. See `Runs`."""

    def __init__(self, plan: Plan, data: Data) -> None:
        self._plan = plan
        self._data = data
        self._device = machine.pick_device(plan.device)  # of a plan that was made elsewhere, maybe
        torch.set_num_threads(plan.threads)

    def environment(self) -> Mapping[str, Any]:
        """See `Runs`."""
        return environment(self._data, self._device)

    @cached_property
    def _ground(self) -> Ground:
        mean, std = channel_statistics(self._data.train)
        there = {"train": self._data.train.to(self._device), "test": self._data.test.to(self._device)}
        data = Data(**{**vars(self._data), **there})
        return Ground(data, self._device, mean, std, self._plan.every, self._plan.validation, self._plan.workers)

    def warm_up(self, lanes: Sequence[PlannedLane]) -> None:
        """See `Runs`."""
        steps = {
            (lane.recipe.model, lane.recipe.batch_size // lane.recipe.accumulate, lane.recipe.precision)
            for lane in lanes
        }
        data = self._ground.data
        for name, batch_size, precision in sorted(steps):
            try:
                with kept():
                    model = models.build(name, data.shape, len(data.classes), seed=0)
                    warm_up(model, data.shape, min(batch_size, len(data.train)), self._device, precision)
            except (RuntimeError, MemoryError):
                continue  # its run will meet the same, and record it

    def run(
        self,
        lane: PlannedLane,
        seed: int,
        *,
        saved: Path,
        on_look: Callable[[Evaluation], None] = lambda look: None,
        on_step: Callable[[Callable[[], None]], None] = lambda save: None,
    ) -> RunRecord:
        """See `Runs`."""
        with kept() as left:  # a model of the user's own may change what all lanes share
            record = run_lane(lane, seed, self._ground, saved=saved, on_look=on_look, on_step=on_step)
        return replace(record, left_behind=left)
