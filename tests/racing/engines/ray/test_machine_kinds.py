from dataclasses import replace
from pathlib import Path

from sooner.racing import race as racing
from sooner.racing.engines.ray.machine_kinds import Kinds
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.tuning import planned
from sooner.racing.store import Store
from sooner.results.notices import MachinesMixed, NodeRefused
from tests.racing.made import plan, record

PLAN = replace(plan("a"), environment={"cpu": "Xeon", "accelerator": "H200"})


def test_the_kind_of_a_seed_outlives_the_process(tmp_path: Path) -> None:
    racing.start(tmp_path, PLAN)
    Kinds(tmp_path, PLAN).put(3, "A100")
    assert Kinds(tmp_path, PLAN).of_seeds([]) == {3: "A100"}


def test_seeds_that_another_engine_made_or_began_are_of_the_planned_kind(tmp_path: Path) -> None:
    racing.start(tmp_path, PLAN)
    store = Store(tmp_path)
    store.add(record("a", 0, 1.0))
    store.close()
    begun, fresh = PlannedRun(PLAN.lanes[0], 1), PlannedRun(PLAN.lanes[0], 2)
    (tmp_path / begun.saved).touch()
    assert Kinds(tmp_path, PLAN).of_seeds([begun, fresh]) == {0: "H200", 1: "H200"}


def test_trials_belong_to_no_kind_of_machine(tmp_path: Path) -> None:
    race = plan("fast", tune=True)
    racing.start(tmp_path, race)
    trials = planned(race)
    store = Store(tmp_path)
    store.add(record(trials[0].lane.name, trials[0].seed, 1.0))
    store.close()
    (tmp_path / trials[1].saved).write_bytes(b"")
    assert Kinds(tmp_path, race).of_seeds([*trials[1:], *race.runs]) == {}


def test_a_second_kind_and_a_refusal_are_noted_once(tmp_path: Path) -> None:
    racing.start(tmp_path, PLAN)
    for _ in range(2):
        kinds = Kinds(tmp_path, PLAN)
        kinds.put(0, "H200")
        kinds.put(1, "A100")
        kinds.note_refused({"node-b": "torch: began with 2.8, now 2.7"})
    store = Store(tmp_path)
    mixed, refused = store.notes()
    store.close()
    assert mixed == MachinesMixed(("A100", "H200"))
    assert refused == NodeRefused("node-b", "torch: began with 2.8, now 2.7")
