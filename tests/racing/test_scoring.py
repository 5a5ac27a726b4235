from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sooner.racing import race as racing
from sooner.racing.plan.plan import Plan, plan_entries
from sooner.racing.programs import Program
from sooner.racing.record import RunRecord
from sooner.racing.scoring import per_seed
from sooner.racing.store import Store
from sooner.reporting.tables import all_tables
from sooner.results.notices import OwnSeconds, SecondsUnused
from sooner.results.records import Evaluation as Scored
from sooner.results.records import Results
from sooner.results.verdict import Cause, Finding, Reason
from sooner.tasks import Task
from sooner.training.evaluation import Evaluation

MakeRace = Callable[..., tuple[Path, Plan]]


def record(lane: str, seed: int, metrics: list[float], pace: float, *, stopped: str | None = None) -> RunRecord:
    """A run with a look every 10 steps of `pace` seconds, after 0.5 s of set-up; its second stretch took 3 s more."""
    hiccup = lambda i: 3.0 if i >= 2 else 0.0
    looks = [Evaluation(0.5 + 10 * pace * i + hiccup(i), 10 * i, 640 * i, metric) for i, metric in enumerate(metrics)]
    end = looks[-1]
    phases = {"setup": 0.25, "sampling": 0.25, "train": end.seconds - 0.5, "evaluate": 99.0, "checkpoint": 9.0}
    return RunRecord(
        lane, seed, "2026", "2026", end.step, end.examples, end.seconds, looks, phases, 0.8, stopped=stopped
    )


@pytest.fixture
def scored(make_race: MakeRace) -> Callable[..., Results]:
    def score(*records: RunRecord) -> Results:
        folder, _ = make_race()
        store = Store(folder)
        for each in records:
            store.add(each)
        store.close()
        return racing.results(folder)

    return score


def test_crossings_by_hand(scored: Callable[..., Results]) -> None:
    # The target 0.9 lies half way between the looks at 20 and 30 steps.
    found = scored(record("baseline", 0, [0.1, 0.5, 0.85, 0.95, 0.95, 0.95], pace=0.1))
    run = found.lanes[0].runs[0]
    assert run.hit
    assert run.steps_to_target == pytest.approx(25)
    assert run.examples_to_target == pytest.approx(25 * 64)
    assert run.time_to_target_s == pytest.approx(0.5 + 2.5 + 3.0)
    assert run.budget_s == pytest.approx(0.5 + 5.0 + 3.0)
    assert run.final_metric == 0.95
    assert not found.complete


def test_a_run_that_misses_is_censored_at_its_end(scored: Callable[..., Results]) -> None:
    run = scored(record("baseline", 0, [0.1, 0.5, 0.8], pace=0.1)).lanes[0].runs[0]
    assert (run.hit, run.time_to_target_s, run.steps_to_target) == (False, None, None)
    assert run.budget_s == pytest.approx(5.5)


@pytest.mark.parametrize("stopped", [None, "the loss became nan"])
def test_the_last_look_counts_by_itself_but_for_a_run_that_broke_off(
    scored: Callable[..., Results], stopped: str | None
) -> None:
    run = scored(record("baseline", 0, [0.1, 0.5, 0.95], 0.1, stopped=stopped)).lanes[0].runs[0]
    assert run.hit == (stopped is None)


def test_pairs_are_matched_by_seed_and_only_complete_ones_count(scored: Callable[..., Results]) -> None:
    rising = [0.1, 0.5, 0.95, 0.95]
    found = scored(
        record("baseline", 1, rising, 0.2), record("rs2-30", 0, rising, 0.1), record("rs2-30", 1, rising, 0.1)
    )
    (comparison,) = [c for c in found.comparisons if c.against == "baseline" and c.clock == "wall"]
    assert comparison.pairs == 1
    steps = 10 + 10 * (0.9 - 0.5) / 0.45
    between = 3.0 * (0.9 - 0.5) / 0.45  # the hiccup of the stretch in which both cross
    assert comparison.ratio == pytest.approx((0.5 + 0.2 * steps + between) / (0.5 + 0.1 * steps + between))
    assert len(comparison.curve) == 100
    assert comparison.curve[-1].target == pytest.approx(0.95)
    assert comparison.curve[0].target > 0.1


@pytest.mark.parametrize("slow", [range(4), range(6, 10)])
def test_slow_stretches_count_whatever_their_share(scored: Callable[..., Results], slow: range) -> None:
    """A clock at the lane's own median pace called this lane faster, though it takes 1.6 times as long."""
    metrics = [i / 10 for i in range(11)]

    def stretches(lane: str, seed: int, seconds: list[float]) -> RunRecord:
        at = [sum(seconds[:i]) for i in range(11)]
        looks = [Evaluation(at[i], 10 * i, 640 * i, metric) for i, metric in enumerate(metrics)]
        return replace(record(lane, seed, metrics, 0.1), looks=looks, seconds=at[-1])

    uneven = [31.0 if i in slow else 6.4 for i in range(10)]
    records = [stretches("baseline", seed, [10.0 + 0.01 * seed] * 10) for seed in range(2)]
    found = scored(*records, *(stretches("rs2-30", seed, uneven) for seed in range(2)))
    assert {c.clock for c in found.comparisons} == {"wall", "examples"}
    (against,) = [c for c in found.comparisons if (c.lane, c.against, c.clock) == ("rs2-30", "baseline", "wall")]
    assert against.ratio == pytest.approx(90.0 / (sum(uneven) - uneven[-1]), rel=0.01)
    assert against.ratio < 1


def twins(folder: Path, *, own_seconds: bool, telling: tuple[str, ...]) -> Results:
    """Of two programs alike the second tells seconds that count from after its set-up, half of what it took."""
    programs = [Program(name, f"python {name}.py {{seed}}", own_seconds=own_seconds) for name in ("a", "b")]
    task = Task(name="programs", data="", target=0.9, recipe={}, metric="metric")
    racing.start(folder, plan_entries(task, programs, pairs=6, seed=0, threads=1))
    store = Store(folder)
    for seed in range(6):
        for name, took in (("a", 2.0), ("b", 1.0 if own_seconds else 2.0)):
            looks = [Evaluation(took / 2 + 0.01 * seed, 1, 1, 0.5), Evaluation(took + 0.01 * seed, 2, 2, 1.0)]
            told = name in telling
            store.add(RunRecord(name, seed, "2026", "2026", 2, 2, looks[-1].seconds, looks, {}, told_seconds=told))
    store.close()
    return racing.results(folder)


def test_seconds_that_a_program_told_are_named_where_they_were_not_used(tmp_path: Path) -> None:
    found = twins(tmp_path, own_seconds=False, telling=("b",))
    assert found.notices == [SecondsUnused(("b",))]
    assert [lane.own_seconds for lane in found.lanes] == [False, False]
    (wall,) = [c for c in found.comparisons if c.clock == "wall"]
    assert wall.finding not in (Finding.FASTER, Finding.WITHHELD)


def test_no_verdict_sets_a_programs_word_against_the_races_clock(tmp_path: Path) -> None:
    found = twins(tmp_path, own_seconds=True, telling=("b",))
    assert found.notices == [OwnSeconds(("b",))]
    (wall,) = [c for c in found.comparisons if c.clock == "wall"]
    assert wall.ci_low is not None
    assert wall.ci_low > 1  # the figures would say faster
    assert (wall.finding, wall.reasons) == (Finding.WITHHELD, (Reason(Cause.CLOCKS_DIFFER, ("b",)),))
    assert Results.from_json(found.to_json()) == found


def test_two_programs_that_tell_their_own_are_compared(tmp_path: Path) -> None:
    found = twins(tmp_path, own_seconds=True, telling=("a", "b"))
    assert found.notices == [OwnSeconds(("a", "b"))]
    (wall,) = [c for c in found.comparisons if c.clock == "wall"]
    assert wall.finding is Finding.FASTER


RUNGS = ("1ep", "2ep", "4ep", "8ep")


def at_rung(rung: str, seed: int, metric: float | None, seconds: float, lane: str = "a") -> RunRecord:
    """A run that ended with `metric`; None if it broke off."""
    looks = [Evaluation(0.0, 0, 0, 0.0)] + ([Evaluation(seconds, 3, 30, metric)] if metric is not None else [])
    stopped = None if metric is not None else "loss became nan"
    return RunRecord(f"{lane}@{rung}", seed, "", "", 3, 30, seconds, looks, {}, stopped=stopped)


def test_a_climb_is_the_ends_of_a_seeds_runs_in_the_order_of_their_budgets() -> None:
    records = [
        at_rung("4ep", 2, 0.75, 40.0),
        at_rung("1ep", 2, 0.25, 10.0),
        at_rung("2ep", 1, 0.5, 20.0),
        at_rung("2ep", 1, 0.9, 20.0, lane="b"),
    ]
    assert per_seed("a", RUNGS, records) == {
        1: [Scored(20.0, 3, 30, 0.5, "2ep")],
        2: [Scored(10.0, 3, 30, 0.25, "1ep"), Scored(40.0, 3, 30, 0.75, "4ep")],
    }


def test_a_run_that_broke_off_is_the_worst_of_the_lane_and_costs_no_less_than_a_smaller_one() -> None:
    records = [at_rung("1ep", 0, 0.25, 10.0), at_rung("2ep", 0, None, 3.0), at_rung("4ep", 0, 0.75, 40.0)]
    there = per_seed("a", RUNGS, records)[0]
    assert [(each.metric, each.seconds) for each in there] == [
        (0.25, 10.0),
        (0.25, 10.0),
        (0.75, 40.0),
    ]


def test_a_lane_of_which_no_run_came_to_its_end_has_empty_climbs() -> None:
    assert per_seed("a", RUNGS, [at_rung("1ep", 0, None, 3.0)]) == {0: []}


def test_steps_are_not_taken_for_examples(tmp_path: Path) -> None:
    # Two programs: one tells the examples it trained on, the other tells its steps alone.
    told = [Evaluation(0.1, 0, 0, 0.1), Evaluation(1.0, 10, 640, 0.95)]
    silent = [Evaluation(0.1, 0, 0, 0.1), Evaluation(1.0, 10, 10, 0.95)]
    names = ("baseline", "telling", "silent")
    programs = [Program(name, f"python {name}.py {{seed}}") for name in names]
    task = Task(name="programs", data="", target=0.9, recipe={}, metric="metric")
    racing.start(tmp_path, plan_entries(task, programs, pairs=1, seed=0, threads=1))
    store = Store(tmp_path)
    for name, looks in zip(names, (told, told, silent), strict=True):
        store.add(RunRecord(name, 0, "2026", "2026", 10, looks[-1].examples, 1.0, looks, {}))
    store.close()
    found = racing.results(tmp_path)
    assert [lane.counts_examples for lane in found.lanes] == [True, True, False]
    assert [lane.runs[0].examples_to_target is None for lane in found.lanes] == [False, False, True]
    assert {(c.lane, c.clock) for c in found.comparisons if c.clock == "examples"} == {("telling", "examples")}
    assert Results.from_json(found.to_json()) == found
    rows = all_tables(found)["runs"].rows
    assert [row.cells[4].text for row in rows] == ["602", "602", "none"]
