from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.trackers import make
from tests.racing.trackers.conftest import WORDING, looks, record
from tests.reporting.races import compared, race


def _read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def _points(events: EventAccumulator, tag: str) -> list[tuple[int, float]]:
    return [(event.step, pytest.approx(event.value)) for event in events.Scalars(tag)]


def test_a_run_is_written_look_by_look_and_read_back(tmp_path: Path, plan: Plan) -> None:
    place = tmp_path / "tensorboard" / "baseline" / "seed-0"
    found = looks(0.1, 0.8, 1.0)
    with make(["tensorboard"], tmp_path, plan) as trackers:
        trackers.run_started(PlannedRun(plan.lanes[0], 0))
        trackers.looked(found[0])
        trackers.looked(found[1])
        assert _points(_read(place), "accuracy") == [(0, 0.1), (100, 0.8)]  # while the run goes on
        trackers.looked(found[2])
        trackers.run_finished(record("baseline", 0, found))
    events = _read(place)
    assert _points(events, "accuracy") == [(0, 0.1), (100, 0.8), (200, 1.0)]
    assert _points(events, "seconds") == [(0, 0.0), (100, 2.0), (200, 4.0)]
    assert _points(events, "time_to_target") == [(0, 3.0)]  # half-way from 0.8 to 1.0
    assert _points(events, "test_accuracy") == [(0, 0.875)]
    plugin = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    assert b"optimizer.name" in plugin
    assert b"sgd" in plugin


def test_the_verdicts_are_written_once_however_often_the_race_ends(tmp_path: Path, plan: Plan) -> None:
    for ratio in (1.2, 1.5):
        with make(["tensorboard"], tmp_path, plan) as trackers:
            trackers.race_finished(race([], [compared("rs2-10", "baseline", ratio, 1.1, 1.6)]), WORDING)
    events = _read(tmp_path / "tensorboard" / "race" / "verdicts")
    assert _points(events, "rs2-10 vs baseline/wall/ratio") == [(0, 1.5)]
    text = events.Tensors("rs2-10 vs baseline/wall/text_summary")[0].tensor_proto.string_val[0].decode()
    assert text.startswith("faster: 1.50x")


def test_a_lane_cannot_write_outside_of_its_folder(tmp_path: Path, plan: Plan) -> None:
    (tmp_path / "race").mkdir()
    with make(["tensorboard"], tmp_path / "race", plan) as trackers:
        for name in ("../..", "a/b", ".hidden"):
            trackers.run_finished(record(name, 0, looks(0.5)))
    written = {str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("events.*")}
    assert written == {f"race/tensorboard/{name}/seed-0" for name in ("%2E.%2F..", "a%2Fb", "%2Ehidden")}
