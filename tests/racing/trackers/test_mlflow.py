from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.trackers import make
from tests.racing.trackers.conftest import WORDING, looks, make_plan, record
from tests.reporting.races import compared, race


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a race tracked without a server. Its database serves all tests, as making one takes MLflow seconds."""
    folder = tmp_path_factory.mktemp("local")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with make(["mlflow"], folder, make_plan()) as trackers:
            trackers.run_finished(record("baseline", 7, looks(*[0.5] * 1200)))
    return folder


@pytest.fixture
def client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    uri = f"sqlite:///{folder}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return MlflowClient(tracking_uri=uri)


def _runs(client: MlflowClient, before: set[str]) -> dict[str, Any]:
    experiments = [e.experiment_id for e in client.search_experiments() if e.experiment_id not in before]
    return {run.info.run_name: run for run in client.search_runs(experiments)}


def _points(client: MlflowClient, run: Any, key: str) -> list[tuple[int, float]]:
    return sorted((metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, key))


def test_a_race_is_an_experiment_and_each_run_a_run(
    client: MlflowClient, tmp_path: Path, plan: Plan, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {e.experiment_id for e in client.search_experiments()}
    found = looks(0.1, 0.8, 1.0)
    with make(["mlflow"], tmp_path, plan) as trackers:
        trackers.run_started(PlannedRun(plan.lanes[0], 0))
        trackers.looked(found[0])
        live = _runs(client, before)["baseline/seed-0"]
        assert live.info.status == "RUNNING"
        assert _points(client, live, "accuracy") == [(0, 0.1)]
        trackers.looked(found[1])
        trackers.looked(found[2])
        trackers.run_finished(record("baseline", 0, found))
        trackers.run_finished(record("rs2-10", 1, looks(0.1), stopped="the loss became nan by step 3", host="node-2"))
        trackers.race_finished(race([], [compared("baseline@3ep", "baseline", 1.5, None, 1.6)]), WORDING)
    runs = _runs(client, before)
    assert set(runs) == {"baseline/seed-0", "rs2-10/seed-1", "race/verdicts"}
    done, failed, verdicts = runs["baseline/seed-0"], runs["rs2-10/seed-1"], runs["race/verdicts"]
    assert done.info.status == "FINISHED"
    assert _points(client, done, "accuracy") == [(0, 0.1), (100, 0.8), (200, 1.0)]
    assert _points(client, done, "seconds") == [(0, 0.0), (100, 2.0), (200, 4.0)]
    assert done.data.metrics["time_to_target"] == pytest.approx(3.0)
    assert done.data.metrics["test_accuracy"] == 0.875
    assert done.data.params["optimizer.name"] == "sgd"
    assert done.data.params["seed"] == "0"
    assert failed.info.status == "FAILED"
    assert failed.data.tags["stopped"] == "the loss became nan by step 3"
    assert failed.data.tags["host"] == "node-2"
    assert "time_to_target" not in failed.data.metrics
    assert verdicts.data.metrics["baseline_3ep vs baseline/wall/ratio"] == 1.5
    assert "baseline_3ep vs baseline/wall/ci_low" not in verdicts.data.metrics
    assert verdicts.data.tags["baseline_3ep vs baseline/wall"].startswith("no difference shown")
    assert len({run.info.experiment_id for run in runs.values()}) == 1
    assert "database tables" not in capfd.readouterr().err


def test_a_run_cut_short_is_replaced_when_the_race_is_resumed(client: MlflowClient, tmp_path: Path, plan: Plan) -> None:
    before = {e.experiment_id for e in client.search_experiments()}
    with make(["mlflow"], tmp_path, plan) as trackers:
        trackers.run_finished(record("baseline", 0, looks(0.1, 0.8)))
        trackers.run_started(PlannedRun(plan.lanes[1], 0))
        trackers.looked(looks(0.1)[0])
    assert _runs(client, before)["rs2-10/seed-0"].info.status == "KILLED"
    with make(["mlflow"], tmp_path, plan, done=[record("baseline", 0, looks(0.1, 0.8))]) as trackers:
        trackers.run_started(PlannedRun(plan.lanes[1], 0))
        trackers.looked(looks(0.1, 0.2, 0.3)[2])
        trackers.run_finished(record("rs2-10", 0, looks(0.1, 0.2, 0.3)))
    runs = client.search_runs([e.experiment_id for e in client.search_experiments() if e.experiment_id not in before])
    assert sorted(run.info.run_name for run in runs) == ["baseline/seed-0", "rs2-10/seed-0"]
    resumed = _runs(client, before)["rs2-10/seed-0"]
    assert _points(client, resumed, "accuracy") == [(0, 0.1), (100, 0.2), (200, 0.3)]


def test_without_a_server_the_database_is_in_the_race_folder(client: MlflowClient, folder: Path) -> None:
    experiments = [e.experiment_id for e in client.search_experiments() if e.name.startswith("sooner/digits-")]
    [run] = client.search_runs(experiments, "params.seed = '7'")
    assert len(_points(client, run, "accuracy")) == 1200
    assert run.info.artifact_uri.startswith((folder / "mlflow").as_uri())
