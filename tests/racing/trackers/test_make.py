import importlib
import sys
from importlib import util
from pathlib import Path

import pytest

from sooner.errors import SoonerError, StoreError
from sooner.racing import trackers
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.rules import Rules
from sooner.racing.plan.tuning import planned
from sooner.racing.trackers import NAMES, check, make
from sooner.racing.trackers._content import lane_of
from tests.racing.trackers.conftest import looks, make_plan, record


def test_an_unknown_tracker_is_refused_with_those_there_are(tmp_path: Path, plan: Plan) -> None:
    with pytest.raises(SoonerError, match="no tracker 'comet'; allowed: tensorboard, mlflow, wandb"):
        make(["tensorboard", "comet"], tmp_path, plan)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_package_is_refused_with_the_extra_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check([name])
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SoonerError, match=rf"must be installed: pip install .*{name}"):
        check([name])


def test_a_folder_named_like_a_package_is_not_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_folder_of_runs").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert util.find_spec("a_folder_of_runs") is not None
    assert not trackers._installed("a_folder_of_runs")


def test_a_server_needs_no_local_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(SoonerError, match="sqlalchemy must be installed"):
        check(["mlflow"])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    check(["mlflow"])


@pytest.mark.parametrize(
    ("tracker", "name"), [("tensorboard", "tensorboard"), ("mlflow", "mlflow.db"), ("wandb", "wandb")]
)
def test_a_link_that_a_tracker_would_write_through_is_refused(
    tmp_path: Path, plan: Plan, tracker: str, name: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "race").mkdir()
    (tmp_path / "race" / name).symlink_to(tmp_path / "mine")
    with pytest.raises(StoreError, match=f"{name} is a link to .*mine, through which a tracker would write; remove it"):
        make([tracker], tmp_path / "race", plan)
    assert not list((tmp_path / "mine").iterdir())


def test_runs_that_ended_before_tracking_began_are_written_at_once(tmp_path: Path, plan: Plan) -> None:
    done = [record("baseline", 0, looks(0.1)), record("rs2-10", 0, looks(0.1))]
    with make(["tensorboard", "tensorboard"], tmp_path, plan, done=done):
        written = sorted(str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("events.*"))
    assert sorted(set(written)) == ["tensorboard/baseline/seed-0", "tensorboard/rs2-10/seed-0"]


def test_runs_of_a_tuned_race_are_written_with_the_rates_that_they_ran_at(tmp_path: Path) -> None:
    race = make_plan(rules=Rules(tune=True))
    done = [
        record(run.lane.name, run.seed, looks(0.1, 0.95 if run.lane.name.endswith("lr=0.025") else 0.5))
        for run in planned(race)
    ]
    with make(["tensorboard"], tmp_path, race, done=done) as trackers:
        (tracker,) = trackers._trackers
        lanes = [lane_of(tracker._plan, name) for name in ("rs2-10", "rs2-10@lr=0.2")]
    assert [lane and lane.recipe.optimizer.options["lr"] for lane in lanes] == [0.025, 0.2]


def test_a_package_that_cannot_be_imported_does_not_stop_the_race(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with make(["tensorboard"], tmp_path, plan, warn=warned.append) as tracked:
        tracked.run_finished(record("baseline", 0, looks(0.1)))
    assert len(warned) == 1
    assert "torch.utils.tensorboard" in warned[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_sink_is_imported_without_its_package(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in (*NAMES, "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, package, None)
    importlib.reload(sys.modules[f"sooner.racing.trackers.{name}"])
