"""On a real cluster of two nodes, both on this machine, with one core each."""

import importlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sooner.errors import SoonerError
from sooner.racing import race as racing
from sooner.racing.engines.ray import RayEngine, ray
from sooner.racing.failure import Halt
from sooner.racing.functions import Function, FunctionRuns
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan, plan_entries
from sooner.racing.programs import Program, ProgramRuns
from sooner.racing.record import RunRecord
from sooner.racing.store import NAME, Store
from sooner.results.notices import Notice, RunRepeated
from sooner.tasks import Data, Task, load_data
from sooner.tasks.examples import OnDisk
from tests.racing.conftest import Silent, go
from tests.racing.test_race import substance

MakeRace = Callable[..., tuple[Path, Plan]]


class Nodes:
    """The cluster, of which the first node, `head`, is that of the driver."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, "node_name": "head"}
        )
        self._second: Any = None
        self.address: str = self._cluster.address

    def need_second(self) -> None:
        if self._second is None:
            self._second = self._cluster.add_node(num_cpus=1, node_name="second")

    def remove_second(self) -> None:
        second, self._second = self._second, None
        self._cluster.remove_node(second, allow_graceful=False)

    def close(self) -> None:
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    found = Nodes()
    before = os.environ.get("RAY_ADDRESS")
    os.environ["RAY_ADDRESS"] = found.address
    yield found
    del os.environ["RAY_ADDRESS"]
    if before is not None:
        os.environ["RAY_ADDRESS"] = before
    ray.shutdown()
    found.close()


def on_cluster(
    folder: Path, engine: RayEngine, watcher: Silent | None = None, *, keep_going: bool = False
) -> list[RunRecord]:
    """Run what is missing of the race in `folder`."""
    try:
        racing.run(folder, engine, watcher or Silent(), keep_going=keep_going)
    finally:
        engine.close()
    return racing.finished(folder)


def notes(folder: Path) -> list[Notice]:
    store = Store(folder)
    try:
        return store.notes()
    finally:
        store.close()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


class Remover(Silent):
    """Lets both nodes begin, and takes the second away as soon as its second run has been saved."""

    def __init__(self, nodes: Nodes, folder: Path, engine: RayEngine) -> None:
        super().__init__()
        self._nodes = nodes
        self._engine = engine
        self._folder = folder
        self._seed: int | None = None
        self.thread: threading.Thread | None = None

    def run_finished(self, record: RunRecord) -> None:
        if record.host.startswith("second"):
            self._seed = record.seed

    def run_started(self, run: PlannedRun) -> None:
        assert until(lambda: self.thread is not None or self._both())
        if run.seed == self._seed and self.thread is None:
            self.thread = threading.Thread(target=self._remove, args=(self._folder / run.saved,))
            self.thread.start()

    def _both(self) -> bool:
        fleet = self._engine._fleet
        assert fleet is not None
        fleet.refresh()
        return len(fleet.ready) == 2

    def _remove(self, saved: Path) -> None:
        assert until(saved.exists)
        self._nodes.remove_second()


def test_a_race_that_loses_a_node_is_the_race_of_one_machine(nodes: Nodes, make_race: MakeRace, digits: Data) -> None:
    whole, _ = make_race("whole")
    go(whole, digits, Silent())
    nodes.need_second()
    folder, plan = make_race("spread")
    engine = RayEngine(plan, digits, save_every=0.0)
    remover = Remover(nodes, folder, engine)
    records = on_cluster(folder, engine, remover)
    assert remover.thread is not None
    remover.thread.join()
    assert substance(racing.results(folder)) == substance(racing.results(whole))
    assert {record.host.split(" (")[0] for record in records} == {"head", "second"}
    assert {record.host.split(" (")[1] for record in records} == {f"{plan.environment['cpu']})"}
    assert [record.resumed for record in records].count(1) == 1
    # From its start, if the node went before its save had arrived.
    assert [note for note in notes(folder) if isinstance(note, RunRepeated) and note.node == "second"]
    assert {path.name for path in folder.iterdir()} == {NAME}


def test_an_interrupted_and_a_killed_driver_leave_a_race_to_go_on_with(
    nodes: Nodes, make_race: MakeRace, digits: Data
) -> None:
    whole, _ = make_race("whole", pairs=1, budget="30ep")
    go(whole, digits, Silent())
    folder, plan = make_race("broken", pairs=1, budget="30ep")
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        command = [sys.executable, "-m", "sooner.cli", "race", "--resume", str(folder), "--engine", "ray"]
        with subprocess.Popen(
            [*command, "--save-every", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as driver:
            states = {path: path.stat().st_mtime for path in folder.glob("run-*.safetensors")}
            assert until(lambda: any(path.stat().st_mtime != states.get(path) for path in folder.glob("run-*s")))  # noqa: B023  called in this round alone
            driver.send_signal(number)
            said = driver.communicate(timeout=60)[0]
        assert driver.returncode == code, said
        assert len(racing.finished(folder)) < 3
        assert list(folder.glob("run-*.safetensors"))
        assert until(lambda: not workers()), "a worker trains on without its driver"
    records = on_cluster(folder, RayEngine(plan, digits))
    assert substance(racing.results(folder)) == substance(racing.results(whole))
    assert max(record.resumed for record in records) >= 1


def workers() -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["name"]) if process.info["name"].startswith("ray::Worker")]


def program_race(folder: Path, **commands: str) -> tuple[Plan, ProgramRuns]:
    programs = [Program(name, command, metric="acc=([0-9.]+)") for name, command in commands.items()]
    runs = ProgramRuns(programs, threads=1)
    task = Task(name="programs", data="", target=0.5, recipe={})
    plan = plan_entries(task, programs, pairs=1, seed=0, threads=1, environment=runs.environment())
    racing.start(folder, plan)
    return plan, runs


def test_a_run_that_ends_its_worker_twice_is_given_up_and_leaves_nothing_behind(nodes: Nodes, tmp_path: Path) -> None:
    plan, runs = program_race(
        tmp_path / "race",
        sound="sh -c 'echo acc=0.$OMP_NUM_THREADS; echo acc=0.{seed}9'",
        deadly="sh -c 'sleep 98765 & echo acc=0.{seed}; kill -9 $PPID; wait'",
    )
    engine = RayEngine(plan, None, runs=runs)
    found = {record.lane: record for record in on_cluster(tmp_path / "race", engine, keep_going=True)}
    assert [look.metric for look in found["sound"].looks] == [0.1, 0.09]
    assert found["deadly"].stopped == "its process on head was ended 2 times; a system does that when memory runs out"
    assert found["deadly"].resumed == 1
    assert [note for note in notes(tmp_path / "race") if isinstance(note, RunRepeated) and note.process_ended]
    assert until(lambda: not any("98765" in process.info["cmdline"] for process in listed()))
    assert until(lambda: not list(Path(tempfile.gettempdir()).glob("sooner-worker-*")))


def test_a_failed_run_stops_the_race_and_what_has_ended_is_kept(nodes: Nodes, tmp_path: Path) -> None:
    folder = tmp_path / "race"
    plan, runs = program_race(
        folder, broken="sh -c 'echo no such file >&2; exit {seed}3'", sound="sh -c 'echo acc=0.{seed}9'"
    )
    watcher = Silent()
    with pytest.raises(Halt) as halted:
        on_cluster(folder, RayEngine(plan, None, runs=runs), watcher)
    assert (halted.value.record.stopped, halted.value.record.output) == ("it exited with status 3", "no such file")
    assert halted.value.record in racing.finished(folder)
    found = {record.lane for record in on_cluster(folder, RayEngine(plan, None, runs=runs), watcher)}
    assert found == {"broken", "sound"}
    assert watcher.started.count(("broken", 0)) == 1


def listed() -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"]]


def test_functions_are_sent_as_they_are(nodes: Nodes, tmp_path: Path) -> None:
    step = 0.25

    def climb(seed: int) -> Iterator[tuple[int, float]]:
        for count in range(4):
            yield count * 10, count * step + seed

    runs = FunctionRuns({"climb": climb})
    task = Task(name="functions", data="", target=0.5, recipe={})
    plan = plan_entries(
        task, [Function.of("climb", climb)], pairs=1, seed=0, threads=1, environment=runs.environment() | {"threads": 1}
    )
    racing.start(tmp_path / "race", plan)
    (record,) = on_cluster(tmp_path / "race", RayEngine(plan, None, runs=runs))
    assert [(look.examples, look.metric) for look in record.looks] == [(0, 0.0), (10, 0.25), (20, 0.5), (30, 0.75)]
    lock = threading.Lock()
    unsendable = FunctionRuns({"climb": lambda seed: lock.acquire()})
    with pytest.raises(SoonerError, match="cannot be sent to other processes"):
        RayEngine(plan, None, runs=unsendable)


def test_a_node_that_finds_other_data_is_refused_by_name(nodes: Nodes, make_race: MakeRace, tmp_path: Path) -> None:
    path = tmp_path / "images.parquet"
    write_images(path, bright=200)
    data = load_data(str(path), in_memory=False)
    assert isinstance(data.train, OnDisk)
    folder, plan = make_race(pairs=1)
    plan = replace(
        plan, task=replace(plan.task, data=str(path)), environment=plan.environment | {"data": data.fingerprint}
    )
    write_images(path, bright=100)
    engine = RayEngine(plan, data)
    try:
        with pytest.raises(
            SoonerError, match=rf"the remaining runs \(3 in all\)\n.*head: data: began with {data.fingerprint}"
        ):
            engine.run(plan.runs, folder, lambda record: None, Silent())
        path.unlink()
        engine = RayEngine(plan, data)
        with pytest.raises(SoonerError, match=r"head: there is no file .*Put .* where every node finds it"):
            engine.run(plan.runs, folder, lambda record: None, Silent())
    finally:
        engine.close()


def write_images(path: Path, *, bright: int) -> None:
    import io

    from PIL import Image

    images, labels = [], []
    for number in range(60):
        file = io.BytesIO()
        Image.new("L", (8, 8), bright * (number % 2)).save(file, "png")
        images.append({"bytes": file.getvalue(), "path": None})
        labels.append(number % 2)
    pq.write_table(pa.table({"image": images, "label": labels}), path)


def test_a_node_without_enough_cores_is_named(nodes: Nodes, make_race: MakeRace, digits: Data) -> None:
    folder, plan = make_race(pairs=1)
    engine = RayEngine(replace(plan, threads=2), digits)
    try:
        with pytest.raises(SoonerError, match="head: cores: 1, devices: 0; a run needs cores: 2"):
            engine.run(plan.runs, folder, lambda record: None, Silent())
    finally:
        engine.close()


def test_without_ray_the_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "sooner.racing.engines.ray")
    with pytest.raises(SoonerError, match=r"not installed here: pip install 'ray>=2"):
        importlib.import_module("sooner.racing.engines.ray")
