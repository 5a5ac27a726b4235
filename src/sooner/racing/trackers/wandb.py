"""Weights & Biases, offline. Needs the extra `wandb`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sooner.racing.trackers._base import Race, Value
from sooner.training.evaluation import Evaluation

_PATIENCE = 2.0  # seconds
_QUIET = 0.05  # seconds in which a file that is whole does not grow
_EMPTY = 7  # bytes, a file's header


class WandB:
    """Writes to FOLDER/wandb, without a login and without the network; `wandb sync` there uploads it.

    The runs are of the project "sooner", grouped by race, their job type the lane. A run's id is the same whenever it
    is written, so syncing twice does not make two of it. W&B's reports of its own errors are off unless
    WANDB_ERROR_REPORTING says otherwise, its sampling of the machine is off: it would be on the clock.
    """

    def __init__(self, race: Race) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        self._wandb: Any = wandb
        self._race = race
        self._run: Any = None

    @staticmethod
    def packages() -> tuple[str, ...]:
        return ("wandb",)

    def begin(self, name: str, params: Mapping[str, Value]) -> None:
        self.close()
        key = self._race.run_id(name)
        for earlier in (self._race.folder / "wandb").glob(f"offline-run-*-{key}"):
            shutil.rmtree(earlier)
        self._run = self._wandb.init(
            project="sooner",
            group=self._race.group,
            job_type=name.rpartition("/")[0],
            name=name,
            id=key,
            dir=str(self._race.folder),
            config=dict(params),
            mode="offline",
            reinit="create_new",  # a run of the user's own, in the same process, stays what it is
            settings=self._wandb.Settings(
                silent=True,
                console="off",
                disable_code=True,
                disable_git=True,
                save_code=False,
                x_disable_stats=True,
            ),
        )
        self._run.define_metric("examples", hidden=True)
        self._run.define_metric("*", step_metric="examples")

    def log(self, looks: Sequence[Evaluation]) -> None:
        for look in looks:
            self._run.log({"examples": look.examples, self._race.metric: look.metric, "seconds": look.seconds})

    def end(self, metrics: Mapping[str, float], notes: Mapping[str, str]) -> None:
        self._run.summary.update({**metrics, **notes})
        self._finish(exit_code=int("stopped" in notes))

    def close(self) -> None:
        self._finish(exit_code=1)

    def _finish(self, exit_code: int) -> None:
        if self._run is not None:
            file = Path(self._run.dir).parent / f"run-{self._run.id}.wandb"
            self._run.finish(exit_code=exit_code)
            self._run = None
            _settle(file)


def _settle(file: Path) -> None:
    """Wait until W&B's own process, which an offline run does not wait for, has written the run's file.

    Otherwise it would do so during the next run, on the clock. It does so in the end even if that takes longer.
    """
    end = monotonic() + _PATIENCE
    size = -1
    while monotonic() < end:
        latest = file.stat().st_size if file.exists() else 0
        if latest == size and latest > _EMPTY:
            return
        size = latest
        sleep(_QUIET)
