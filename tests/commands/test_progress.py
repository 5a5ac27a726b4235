import io
from dataclasses import replace

from rich.console import Console

from sooner.commands.progress import Progress, clock
from sooner.racing.plan.agenda import at_most
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.rules import Rules
from sooner.racing.plan.tuning import SEARCH, lane_of, planned
from sooner.racing.record import RunRecord
from sooner.recipes import resolve
from sooner.tasks import get_task
from sooner.training.evaluation import Evaluation
from tests.clock_by_hand import Hand

TASK = get_task("digits", target=0.9)
WORK = {"baseline": 40_000.0, "rs2-10": 4_000.0}


def plan() -> Plan:
    recipes = [resolve("baseline", TASK.recipe), resolve("rs2-10", TASK.recipe)]
    lanes = (PlannedLane("baseline", "baseline", recipes[0]), PlannedLane("rs2-10", "lane", recipes[1]))
    return Plan(TASK, lanes, 0.9, 2, 0, 100, "cpu", 1)


def record(lane: str, seed: int, **fields: object) -> RunRecord:
    looks = [Evaluation(0.0, 0, 0, 0.1), Evaluation(2.0, 10, 40_000, 0.925)]
    return RunRecord(lane, seed, "", "", 10, 40_000, 2.0, looks, {}, **fields)  # type: ignore[arg-type]


def test_a_pipe_gets_a_line_as_each_run_starts_and_ends_with_what_is_left() -> None:
    out = io.StringIO()
    with Progress(plan(), WORK, [record("rs2-10", 0)], Console(file=out, width=200)) as progress:
        progress.run_started(PlannedRun(plan().lanes[0], 0))
        progress.run_finished(record("baseline", 0))
        progress.run_finished(record("baseline", 1, stopped="the loss became nan by step 3"))
    began, first, second = out.getvalue().splitlines()
    assert began == "[2/4] baseline seed 0: started"
    assert first.startswith("[2/4] baseline seed 0: accuracy 0.9250 after 2.0 s; about ")
    assert second.startswith("[3/4] baseline seed 1: the loss became nan by step 3; about ")


def test_a_pipe_gets_a_line_a_minute_while_a_run_is_under_way(hand: Hand) -> None:
    hand.moves("commands.progress")
    out = io.StringIO()
    progress = Progress(plan(), WORK, [], Console(file=out, width=200))
    progress.stepped()
    progress.run_started(PlannedRun(plan().lanes[0], 0))
    for second in range(150):
        hand.sleep(1.0)
        if second == 90:
            progress.looked(Evaluation(80.0, 5, 20_000, 0.875))
        progress.stepped()
    progress.run_started(PlannedRun(plan().lanes[1], 0))  # at once, on another machine
    hand.sleep(60.0)
    progress.stepped()
    progress.run_finished(record("baseline", 0))
    started, silent, looked, _, both, _ = out.getvalue().splitlines()
    assert started == "[1/4] baseline seed 0: started"
    assert silent == "baseline seed 0: under way for 1 min 00 s; ? left"
    # 40,000 of 88,000 in each of two pairs; 20,000 of them in 120 s: 68,000 and more are left.
    assert looked == "baseline seed 0: accuracy 0.8750 of 0.9, under way for 2 min 00 s; about 6 min 48 s left"
    assert both.startswith("baseline seed 0: under way for 3 min 30 s; rs2-10 seed 0: under way for 1 min 00 s; ")


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


def test_a_search_for_rates_is_told_on_a_terminal_and_in_a_pipe() -> None:
    race = replace(plan(), rules=Rules(tune=True, tune_rates=3, tune_seeds=1))
    trials = planned(race)
    work = {run.lane.name: 1.0 for run in at_most(race)}
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    progress = Progress(race, work, [record(trials[0].lane.name, SEARCH)], console)
    progress.run_started(trials[1])
    progress.looked(Evaluation(1.25, 5, 20_000, 0.875))
    with console.capture() as shown:
        console.print(progress._render())
    text = shown.get()
    assert "digits to accuracy 0.9 on cpu: trying learning rates, 1 of 6 trials" in text
    tried = f"lr={trials[1].lane.recipe.optimizer.options['lr']:g}"
    (row,) = [line for line in text.splitlines() if line.startswith(f"{lane_of(trials[1].lane.name)} ")]
    assert f"{tried}: 0.8750 of 0.9" in row
    assert "0.9250" not in text  # the best of a trial is not the lane's
    out = io.StringIO()
    with Progress(race, work, [], Console(file=out, width=200)) as progress:
        for run in trials:
            progress.run_started(run)
            progress.run_finished(record(run.lane.name, run.seed))
    *lines, last = out.getvalue().splitlines()
    assert lines[0] == f"[1/10] tuning {trials[0].lane.name} seed {SEARCH}: started"
    assert last.startswith(
        "learning rates: baseline 0.025, as it was written; 0.0125 to 0.05 could not be told apart; rs2-10"
    )


def test_time_in_words() -> None:
    assert [clock(s) for s in (0.4, 59.4, 60, 200, 3600, 7500)] == [
        "0 s", "59 s", "1 min 00 s", "3 min 20 s", "1 h 00 min", "2 h 05 min",
    ]  # fmt: skip
