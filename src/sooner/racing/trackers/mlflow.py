"""MLflow: an experiment per race, in a local database or on a server. Needs the extra `mlflow`."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sooner.racing.trackers._base import Race, Value
from sooner.training.evaluation import Evaluation

_SERVER = "MLFLOW_TRACKING_URI"
_MOST_METRICS = 1000  # that MLflow takes at a time


class MLflow:
    """Writes to FOLDER/mlflow.db, or to the server that MLFLOW_TRACKING_URI names.

    See the first with `mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db`. A run that ended before its budget
    has the status FAILED, one that was interrupted KILLED until it is resumed. MLflow's report of its own use over the
    network is off unless MLFLOW_DISABLE_TELEMETRY says otherwise.
    """

    def __init__(self, race: Race) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient, entities

        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it announces each table that it makes
        self._entities: Any = entities
        self._race = race
        folder = race.folder.resolve()
        server = os.environ.get(_SERVER)
        self._client = MlflowClient(tracking_uri=server or f"sqlite:///{(folder / 'mlflow.db').as_posix()}")
        name = f"sooner/{race.group}"
        experiment = self._client.get_experiment_by_name(name)
        self._experiment: str = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(name, None if server else (folder / "mlflow").as_uri())
        )
        self._run: Any = None

    @staticmethod
    def packages() -> tuple[str, ...]:
        return ("mlflow",) if os.environ.get(_SERVER) else ("mlflow", "sqlalchemy", "alembic")

    def begin(self, name: str, params: Mapping[str, Value]) -> None:
        self.close()
        key = self._race.run_id(name)
        for run in self._client.search_runs([self._experiment], f"tags.`sooner.run` = '{key}'"):
            self._client.delete_run(run.info.run_id)
        tags = {"sooner.run": key, "sooner.race": self._race.id}
        self._run = self._client.create_run(self._experiment, tags=tags, run_name=name).info.run_id
        self._client.log_batch(self._run, params=[self._entities.Param(_name(k), str(v)) for k, v in params.items()])

    def log(self, looks: Sequence[Evaluation]) -> None:
        now = int(time.time() * 1000)
        metrics = [
            self._entities.Metric(key, value, now, look.examples)
            for look in looks
            for key, value in ((_name(self._race.metric), look.metric), ("seconds", look.seconds))
        ]
        for start in range(0, len(metrics), _MOST_METRICS):
            self._client.log_batch(self._run, metrics=metrics[start : start + _MOST_METRICS])

    def end(self, metrics: Mapping[str, float], notes: Mapping[str, str]) -> None:
        now = int(time.time() * 1000)
        self._client.log_batch(
            self._run,
            metrics=[self._entities.Metric(_name(key), value, now, 0) for key, value in metrics.items()],
            tags=[self._entities.RunTag(_name(key), text) for key, text in notes.items()],
        )
        self._end("FAILED" if "stopped" in notes else "FINISHED")

    def close(self) -> None:
        self._end("KILLED")

    def _end(self, status: str) -> None:
        if self._run is not None:
            self._client.set_terminated(self._run, status)
            self._run = None


def _name(key: str) -> str:
    """The key with what MLflow does not take in names, such as the @ of a lane's, replaced by _."""
    return re.sub(r"[^\w\-. :/]", "_", key)
