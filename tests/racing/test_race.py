import json
import os
import random
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from sooner.errors import StoreError
from sooner.racing import race as racing
from sooner.racing.failure import Halt
from sooner.racing.plan.plan import Plan
from sooner.racing.store import NAME, Store
from sooner.results.records import Results
from sooner.results.verdict import Finding
from sooner.tasks import Data, models
from tests.racing import gated
from tests.racing.conftest import Silent, go

MakeRace = Callable[..., tuple[Path, Plan]]


def substance(results: Results) -> list[Any]:
    """What no interruption may change: everything but times and memory."""
    return [
        (
            *(lane.name, run.seed, run.hit, run.steps, run.examples, run.steps_to_target),
            *(run.final_metric, run.test_metric),
            *((e.step, e.examples, e.metric) for e in run.evaluations),
        )
        for lane in results.lanes
        for run in lane.runs
    ]


def test_a_race_runs_every_lane_with_every_seed_and_scores_them(make_race: MakeRace, digits: Data) -> None:
    folder, plan = make_race()
    watcher = Silent()
    go(folder, digits, watcher)
    assert sorted(watcher.started) == sorted((lane.name, seed) for lane in plan.lanes for seed in (0, 1))
    found = racing.results(folder)
    assert found.complete
    assert [lane.role for lane in found.lanes] == ["baseline", "lane", "control"]
    for lane in found.lanes:
        for run in lane.runs:
            assert run.phases.keys() >= {"setup", "sampling", "train", "evaluate"}
            counted = run.phases["setup"] + run.phases["sampling"] + run.phases["train"]
            assert run.budget_s == pytest.approx(counted, rel=1e-6)
            assert run.flops is not None
            assert run.flops > 0
    pairs = {(c.lane, c.against, c.clock) for c in found.comparisons}
    assert ("rs2-30", "baseline", "wall") in pairs
    assert ("rs2-30", "baseline@0.9ep", "wall") in pairs
    undecided = {Finding.TOO_FEW_PAIRS, Finding.NOT_REACHED, Finding.NEITHER_REACHED}
    assert {c.finding for c in found.comparisons} <= undecided
    assert Results.from_json(found.to_json()) == found


def test_lanes_of_a_seed_share_initial_weights_split_and_grid(make_race: MakeRace, digits: Data) -> None:
    folder, plan = make_race()
    go(folder, digits, Silent())
    lanes = racing.results(folder).lanes
    for pair in range(2):
        firsts = {lane.runs[pair].evaluations[0].metric for lane in lanes}
        assert len(firsts) == 1
    for lane in lanes:
        for run in lane.runs:
            cells = [e.examples // plan.every for e in run.evaluations]
            assert cells[:-1] == list(range(len(cells) - 1))  # every cell of the grid once, and the end


def test_an_interrupted_race_goes_on_to_the_same_end(make_race: MakeRace, digits: Data) -> None:
    whole, _ = make_race("whole")
    go(whole, digits, Silent())
    broken, _ = make_race("broken")
    draw = random.Random(0)
    for _ in range(8):
        steps = draw.randrange(1, 60)

        def press(left: list[int] = [steps]) -> None:  # noqa: B006  one counter per round of the loop
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGINT)

        try:
            go(broken, digits, Silent(press), save_every=draw.choice([0.0, 1e9]))
        except KeyboardInterrupt:
            assert not racing.results(broken).complete
            continue
        break
    go(broken, digits, Silent())
    assert substance(racing.results(broken)) == substance(racing.results(whole))
    assert {path.name for path in broken.iterdir()} == {NAME}


def test_a_killed_race_goes_on_to_the_same_end(make_race: MakeRace, digits: Data, tmp_path: Path) -> None:
    whole, _ = make_race("whole", model=gated.MODEL)
    go(whole, digits, Silent())
    broken, _ = make_race("broken", model=gated.MODEL)
    command = ["race", "--resume", str(broken), "--save-every", "0", "--trust"]
    for step, finished in ((8, False), (100, True)):  # in the first run, whichever lane it is, and past its end
        with gated.halted(command, tmp_path / "gate", at=step) as process:
            process.kill()
            process.wait()
        with sqlite3.connect(broken / NAME) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert (len(racing.finished(broken)) > 0) == finished
        assert list(broken.glob("run-*.safetensors"))
    go(broken, digits, Silent())
    assert substance(racing.results(broken)) == substance(racing.results(whole))
    assert max(record.resumed for record in racing.finished(broken)) == 1


def test_other_surroundings_are_refused_by_name(make_race: MakeRace, digits: Data) -> None:
    folder, plan = make_race()
    store = Store(folder)
    fields = plan.to_dict()
    store.put("plan", {**fields, "environment": {**fields["environment"], "torch": "1.0", "data": "other"}})
    store.close()
    with pytest.raises(StoreError, match=r"data: began with other, now .*\n.*torch: began with 1\.0"):
        go(folder, digits, Silent())


def test_a_lane_that_diverges_is_censored_with_its_reason(make_race: MakeRace, digits: Data) -> None:
    folder, _ = make_race(pairs=1, lanes=("rs2-30",), optimizer={"name": "sgd", "lr": 1e7, "weight_decay": 0.0})
    go(folder, digits, Silent())
    for lane in racing.results(folder).lanes:
        assert not lane.runs[0].hit
        assert lane.runs[0].time_to_target_s is None
        assert lane.runs[0].stopped is not None
        assert lane.runs[0].stopped.startswith("the loss")


def test_a_lane_without_memory_is_censored_and_the_others_go_on_where_the_race_keeps_going(
    make_race: MakeRace, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = make_race(pairs=1)
    build = models.build
    asked: list[str] = []

    def hungry(name: str, *arguments: Any, **named: Any) -> nn.Module:
        asked.append(name)
        if len(asked) == 2:  # the first is the warm-up's
            torch.empty(10**15)  # the real allocator's own complaint
        return build(name, *arguments, **named)

    monkeypatch.setattr(models, "build", hungry)
    go(folder, digits, Silent(), keep_going=True)
    runs = {lane.name: lane.runs[0] for lane in racing.results(folder).lanes}
    failed = [run for run in runs.values() if run.stopped]
    assert len(failed) == 1
    assert failed[0].stopped is not None
    assert "out of memory on cpu; lower its batch_size (64) or raise accumulate (1)" in failed[0].stopped
    assert not failed[0].hit
    assert len(runs) == 3


def test_a_model_that_raises_stops_the_race_and_a_resumed_race_repeats_nothing(
    make_race: MakeRace, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, plan = make_race(pairs=1, budget="1ep")
    build = models.build
    asked: list[str] = []

    def broken(name: str, *arguments: Any, **named: Any) -> nn.Module:
        asked.append(name)
        if len(asked) == 3:  # the first is the warm-up's
            raise KeyError("no such layer")
        return build(name, *arguments, **named)

    monkeypatch.setattr(models, "build", broken)
    watcher = Silent()
    with pytest.raises(Halt) as halted:
        go(folder, digits, watcher)
    first, second = racing.finished(folder)
    assert halted.value.record == second
    assert (first.stopped, second.stopped) == (None, "KeyError: 'no such layer'")
    assert "in broken" in (second.output or "")
    go(folder, digits, watcher)
    assert sorted(watcher.started) == sorted((lane.name, 0) for lane in plan.lanes)


def test_the_stored_plan_comes_back_equal(make_race: MakeRace) -> None:
    folder, plan = make_race(lanes=("rs2-30", "static-10"))
    assert racing.load_plan(folder).to_dict() == json.loads(json.dumps(plan.to_dict()))
    assert racing.load_plan(folder).runs == plan.runs
