"""TensorBoard: event files below the race's folder. Needs the extra `tensorboard`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sooner.racing.trackers._base import Race, Value
from sooner.training.evaluation import Evaluation


class TensorBoard:
    """Writes to FOLDER/tensorboard/LANE/seed-N; see it with `tensorboard --logdir FOLDER/tensorboard`.

    The recipe and the outcome of a run are its hyperparameters and their metrics. In the names of folders, what file
    systems do not take is percent-encoded.
    """

    def __init__(self, race: Race) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._make_writer = SummaryWriter
        self._race = race
        self._writer: Any = None
        self._params: dict[str, Value] = {}

    @staticmethod
    def packages() -> tuple[str, ...]:
        return ("tensorboard",)

    def begin(self, name: str, params: Mapping[str, Value]) -> None:
        self.close()
        lane, _, seed = name.rpartition("/")
        place = self._race.folder / "tensorboard" / _file_name(lane) / _file_name(seed)
        if place.exists():
            shutil.rmtree(place)
        self._writer = self._make_writer(str(place))
        self._params = dict(params)

    def log(self, looks: Sequence[Evaluation]) -> None:
        for look in looks:
            self._writer.add_scalar(self._race.metric, look.metric, look.examples)
            self._writer.add_scalar("seconds", look.seconds, look.examples)
        self._writer.flush()

    def end(self, metrics: Mapping[str, float], notes: Mapping[str, str]) -> None:
        for name, text in notes.items():
            self._writer.add_text(name, text)
        self._writer.add_hparams(self._params, dict(metrics), run_name=".")
        self.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _file_name(name: str) -> str:
    quoted = quote(name, safe=" @+=,")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted
