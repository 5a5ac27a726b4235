import io
from pathlib import Path

from rich.console import Console

from sooner.commands.progress import Progress, clock
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord
from sooner.recipes import resolve
from sooner.tasks import get_task
from sooner.training.evaluation import Evaluation

TASK = get_task("digits", target=0.9)
WORK = {"baseline": 40_000.0, "rs2-10": 4_000.0}


def plan() -> Plan:
    recipes = [resolve("baseline", TASK.recipe), resolve("rs2-10", TASK.recipe)]
    lanes = (PlannedLane("baseline", "baseline", recipes[0]), PlannedLane("rs2-10", "lane", recipes[1]))
    return Plan(TASK, lanes, 0.9, 2, 0, 100, "cpu", 1)


def record(lane: str, seed: int, **fields: object) -> RunRecord:
    looks = [Evaluation(0.0, 0, 0, 0.1), Evaluation(2.0, 10, 40_000, 0.925)]
    return RunRecord(lane, seed, "", "", 10, 40_000, 2.0, looks, {}, **fields)  # type: ignore[arg-type]


def test_a_pipe_gets_a_line_per_run_with_what_is_left(tmp_path: Path) -> None:
    out = io.StringIO()
    with Progress(plan(), WORK, [record("rs2-10", 0)], Console(file=out, width=200)) as progress:
        progress.run_started(PlannedRun(plan().lanes[0], 0))
        progress.run_finished(record("baseline", 0))
        progress.run_finished(record("baseline", 1, stopped="the loss became nan by step 3"))
    first, second = out.getvalue().splitlines()
    assert first.startswith("[2/4] baseline seed 0: accuracy 0.9250 after 2.0 s; about ")
    assert second.startswith("[3/4] baseline seed 1: the loss became nan by step 3; about ")


def test_a_terminal_sees_the_lane_its_seed_and_its_metric_against_the_target() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    progress = Progress(plan(), WORK, [record("rs2-10", 0)], console)
    progress.run_started(PlannedRun(plan().lanes[0], 7))  # a plan read again is another object
    progress.looked(Evaluation(1.25, 5, 20_000, 0.875))
    with console.capture() as shown:
        console.print(progress._render())
    text = shown.get()
    assert "digits to accuracy 0.9 on cpu" in text
    (row,) = [line for line in text.splitlines() if line.startswith("baseline")]
    assert "0/2" in row
    assert "seed 7: 0.8750 of 0.9 after 1.2 s" in row
    (row,) = [line for line in text.splitlines() if line.startswith("rs2-10")]
    assert "1/2" in row
    assert "0.9250" in row
    progress.looked(Evaluation(1.5, 6, 24_000, 0.95))
    with console.capture() as shown:
        console.print(progress._render())
    assert "0.9500 reached 0.9" in shown.get()


def test_time_in_words() -> None:
    assert [clock(s) for s in (0.4, 59.4, 60, 200, 3600, 7500)] == [
        "0 s", "59 s", "1 min 00 s", "3 min 20 s", "1 h 00 min", "2 h 05 min",
    ]  # fmt: skip
