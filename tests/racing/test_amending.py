"""What may be asked of a race that has begun, on races of runs made by hand and on small real ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sooner.errors import RecipeError, StoreError
from sooner.racing import race as racing
from sooner.racing.amending import Amendment, amend, with_pairs
from sooner.racing.plan.lanes import saved_name
from sooner.racing.plan.plan import Plan
from sooner.racing.store import Store
from sooner.racing.trackers._ledger import Ledger
from sooner.results.notices import RunsRetried
from sooner.results.records import Comparison, Results
from sooner.results.rescoring import rescore
from sooner.results.verdict import Finding
from sooner.tasks import Data
from tests.racing.conftest import Silent, go
from tests.racing.made import plan, record
from tests.racing.raced import race

OUT_OF_MEMORY = "out of memory on cpu; lower its batch_size (64) or raise accumulate (1)"
MakeRace = Callable[..., tuple[Path, Plan]]


def wall(results: Results) -> Comparison:
    return next(c for c in results.comparisons if c.clock == "wall")


def run_pairs(folder: Path, first: int, last: int, seconds: dict[str, float]) -> Results:
    store = Store(folder)
    for seed in range(first, last):
        for lane, took in seconds.items():
            store.add(record(lane, seed, took * (1 + 0.01 * seed), metric=0.96))
    store.close()
    return racing.results(folder)


def test_pairs_added_to_a_race_that_was_seen_are_judged_at_what_that_left(tmp_path: Path) -> None:
    before = race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    amended = amend(tmp_path / "r", Amendment(pairs=12), {})
    assert (amended.plan.pairs, amended.plan.looked, amended.repeat) == (12, (6,), ())
    assert racing.load_plan(tmp_path / "r") == amended.plan
    # Nothing new has been seen yet: it is still the first look.
    same = racing.results(tmp_path / "r")
    assert (wall(same).looks, wall(same).alpha, wall(same).ci_low) == (1, 0.05, wall(before).ci_low)
    assert not same.complete
    found = run_pairs(tmp_path / "r", 6, 12, {"baseline": 10.0, "fast": 5.0})
    assert found.complete
    assert (wall(found).pairs, wall(found).looks) == (12, 2)
    assert wall(found).alpha == pytest.approx((0.05 - 2 / 64) / 2)
    assert found.looked == [6]
    (earlier,) = found.earlier
    assert earlier == replace(wall(before), curve=[], any_alpha=None)
    assert Results.from_json(found.to_json()) == found


def test_pairs_are_added_again_and_again(tmp_path: Path) -> None:
    seconds = {"baseline": 10.0, "fast": 5.0}
    race(tmp_path / "r", plan("fast"), seconds)
    levels = [0.05]
    for count in (8, 10):
        amend(tmp_path / "r", Amendment(pairs=count), {})
        found = run_pairs(tmp_path / "r", count - 2, count, seconds)
        levels.append(wall(found).alpha)
    assert (found.looked, wall(found).looks) == ([6, 8], 3)
    # Eight pairs that all lean one way, 2 in 256, are below 0.94%; the 2 with the smallest against the rest are not.
    second, spent = (0.05 - 2 / 64) / 2, 2 / 2**8
    assert levels == [0.05, pytest.approx(second), pytest.approx((0.05 - 2 / 64 - spent) / 2)]


def test_before_a_verdict_can_be_seen_pairs_cost_nothing(tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast", pairs=8), {"baseline": 10.0, "fast": 5.0}, pairs=5)
    amended = amend(tmp_path / "r", Amendment(pairs=12), {})
    assert amended.plan.looked == ()
    found = run_pairs(tmp_path / "r", 5, 12, {"baseline": 10.0, "fast": 5.0})
    assert (wall(found).pairs, wall(found).looks, wall(found).alpha) == (12, 1, 0.05)


def test_a_race_that_was_interrupted_after_six_pairs_could_be_seen(tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast", pairs=9), {"baseline": 10.0, "fast": 5.0}, pairs=7)
    assert amend(tmp_path / "r", Amendment(pairs=12), {}).plan.looked == (7,)
    assert amend(tmp_path / "r", Amendment(pairs=14), {}).plan.looked == (7,)  # nothing was run between the two


def test_a_verdict_of_the_first_look_stays_beside_the_later_one(tmp_path: Path) -> None:
    fast = [5.0, 9.0, 9.0, 9.0, 9.0, 9.0]
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": fast})
    amend(tmp_path / "r", Amendment(pairs=8), {})
    found = run_pairs(tmp_path / "r", 6, 8, {"baseline": 10.0, "fast": 20.0})
    assert wall(found).finding is Finding.NO_DIFFERENCE
    assert [(c.pairs, c.finding) for c in found.earlier] == [(6, Finding.FASTER)]
    assert [c.finding for c in rescore(found, 0.99).earlier] == [Finding.NEITHER_REACHED]  # of that target


@pytest.mark.parametrize(
    ("rules", "pairs", "says"),
    [
        ({}, 5, "planned with 6 pairs, and cannot be made one of 5"),
        ({}, 1_000_000_000, "at most 10,000 pairs, not 1,000,000,000; .* planned cannot be made less"),
        ({"until": "decided"}, 12, "a race until decided chooses by what it sees"),
        ({"confirm": True}, 12, "a race that confirms its winner chooses by what it sees"),
    ],
)
def test_numbers_of_pairs_that_would_not_be_honest_are_refused(rules: dict[str, Any], pairs: int, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        with_pairs(plan("fast", **rules), pairs)
    assert with_pairs(plan("fast", **rules), 6) == plan("fast", **rules)


def test_results_are_not_repeated() -> None:
    with pytest.raises(RecipeError, match="missed the target are results, and whoever repeats results"):
        Amendment(retry="missed")  # type: ignore[arg-type]


def test_failed_runs_leave_the_race_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    racing.start(folder, plan("fast", pairs=2))
    store = Store(folder)
    runs = [
        record("baseline", 0, 10.0),
        record("fast", 0, 5.0, metric=0.1),  # missed
        record("baseline", 1, 10.0, stopped="the loss became nan by step 3"),
        record("fast", 1, 5.0, stopped=OUT_OF_MEMORY),
    ]
    for made in runs:
        store.add(made)
    store.close()
    (folder / saved_name("fast", 1)).write_text("of the failed one")
    ledger = Ledger(folder)
    for made in runs:
        ledger.add("tensorboard", made)
    assert amend(folder, Amendment(), {}).repeat == ()
    assert racing.finished(folder) == runs
    assert amend(folder, Amendment(retry="failed"), {}).repeat == (runs[-1],)
    assert racing.finished(folder) == runs[:-1]
    assert not (folder / saved_name("fast", 1)).exists()
    assert [Ledger(folder).holds("tensorboard", made) for made in runs] == [True, True, True, False]
    assert not racing.results(folder).complete
    assert racing.results(folder).notices == [RunsRetried("fast", (1,), (OUT_OF_MEMORY,), (), repeated=False)]
    assert amend(folder, Amendment(retry="failed"), {}).repeat == ()


def test_a_recipe_is_repeated_from_its_start_and_elsewhere_refused(make_race: MakeRace, digits: Data) -> None:
    whole, _ = make_race("whole", pairs=1)
    go(whole, digits, Silent())
    folder, planned = make_race("broken", pairs=1)
    store = Store(folder)
    failed = record("baseline", 0, 1.0, stopped=OUT_OF_MEMORY)
    store.add(failed)
    store.close()
    environment = dict(planned.environment)
    with pytest.raises(StoreError, match=r"sooner: began with .*, now 9\.9"):
        amend(folder, Amendment(retry="failed"), {**environment, "sooner": "9.9"})
    assert racing.finished(folder) == [failed]
    amend(folder, Amendment(retry="failed"), environment)
    go(folder, digits, Silent())
    found = racing.results(folder)
    for lane, other in zip(found.lanes, racing.results(whole).lanes, strict=True):
        (run,), (same,) = lane.runs, other.runs
        assert [e.metric for e in run.evaluations] == [e.metric for e in same.evaluations]
        assert run.attempts == (2 if lane.name == "baseline" else 1)
        assert run.resumed == 0
