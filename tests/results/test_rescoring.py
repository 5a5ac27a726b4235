from dataclasses import replace
from pathlib import Path

import pytest

from sooner.racing import race as racing
from sooner.racing.plan.plan import Plan
from sooner.racing.store import Store
from sooner.results.records import Results
from sooner.results.rescoring import rescore, withhold
from sooner.results.verdict import Cause, Finding, Reason
from tests.racing.made import plan, record


def scored(folder: Path, race: Plan, seconds: dict[str, float], *, fresh: bool = False) -> Results:
    racing.start(folder, race)
    store = Store(folder)
    for seed in range(race.pairs):
        for lane in race.lanes:
            store.add(record(lane.name, seed, seconds[lane.name] * (1 + 0.01 * seed), metric=0.96))
    if fresh:
        for run in racing.agenda(race, store.records()):
            store.add(record(run.lane.name, run.seed, seconds[run.lane.name], metric=0.96))
    store.close()
    return racing.results(folder)


def test_another_target_moves_times_and_comparisons(tmp_path: Path) -> None:
    race = plan("fast")
    found = scored(tmp_path / "r", race, {"baseline": 10.0, "fast": 5.0})
    half = rescore(found, 0.48)
    assert half.target == 0.48
    run = half.lanes[0].runs[0]
    assert run.time_to_target_s == pytest.approx(10 * 0.48 / 0.96)
    (against,) = [c for c in half.comparisons if c.clock == "wall"]
    assert against.ratio == pytest.approx(2.0)
    missed = rescore(found, 0.99)
    assert not any(run.hit for lane in missed.lanes for run in lane.runs)
    assert missed.lanes[1].survival[0].ert is None


def test_the_race_s_own_target_gives_the_same_race(tmp_path: Path) -> None:
    found = scored(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    assert rescore(found) == found
    # Back from another target the level is still that of a chosen one, which errs less.
    there = rescore(found, 0.3)
    back = rescore(there, found.target)
    assert (there.set_before, back.set_before) == (found.target, None)
    assert [c.ratio for c in back.comparisons] == [c.ratio for c in found.comparisons]
    assert all(c.alpha <= own.alpha for c, own in zip(back.comparisons, found.comparisons, strict=True))


def test_another_target_is_judged_at_a_level_that_allows_for_the_choice(tmp_path: Path) -> None:
    found = scored(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    (own,) = [c for c in found.comparisons if c.clock == "wall"]
    (chosen,) = [c for c in rescore(found, 0.5).comparisons if c.clock == "wall"]
    assert own.any_alpha is not None
    assert (own.alpha, chosen.alpha) == (0.05, own.any_alpha)
    assert own.any_alpha < 0.05
    assert all((point.ci_low or 0) <= 1 or point.ci_low is not None for point in own.curve)


def test_curves_may_be_left_out(tmp_path: Path) -> None:
    found = scored(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    assert all(not c.curve for c in rescore(found, curves=False).comparisons)
    assert any(c.curve for c in found.comparisons)


def test_looks_that_a_race_took_still_count_at_another_target(tmp_path: Path) -> None:
    race = plan("fast", pairs=12, until="decided")
    found = scored(tmp_path / "r", race, {"baseline": 10.0, "fast": 5.0})
    levels = {(c.alpha, c.looks) for c in found.comparisons}
    assert len(levels) == 1
    assert next(iter(levels))[1] > 1
    there = rescore(found, 0.5).comparisons
    assert {c.looks for c in there} == {looks for _, looks in levels}
    assert all(c.alpha <= alpha for c in there for alpha, _ in levels)


def test_the_confirmation_is_compared_apart(tmp_path: Path) -> None:
    found = scored(tmp_path / "r", plan("fast", confirm=True), {"baseline": 10.0, "fast": 5.0}, fresh=True)
    own = [c for c in found.comparisons if not c.confirmation]
    again = [c for c in found.comparisons if c.confirmation]
    assert {c.clock for c in again} == {c.clock for c in own} == {"wall", "examples"}
    assert all(c.pairs == 6 for c in found.comparisons)
    assert set(found.confirmation) == {"baseline", "fast"}
    assert found.complete
    assert replace(found, comparisons=[]).from_json(found.to_json()) == found


def test_examples_are_a_clock_that_no_machine_disturbs(tmp_path: Path) -> None:
    found = scored(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    (examples,) = [c for c in found.comparisons if c.clock == "examples"]
    assert examples.ratio == pytest.approx(1.0)


def test_a_verdict_that_was_withheld_stays_withheld_at_any_target(tmp_path: Path) -> None:
    found = scored(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    reasons = (Reason(Cause.CLOCK_DISTURBED),)
    held = [withhold(c, reasons) if c.clock == "wall" else c for c in found.comparisons]
    for target in (found.target, 0.5):
        again = rescore(replace(found, comparisons=held), target)
        assert {c.clock for c in again.comparisons if c.finding is Finding.WITHHELD} == {"wall"}
        (wall,) = [c for c in again.comparisons if c.clock == "wall"]
        assert (wall.reasons, wall.ratio) == (reasons, pytest.approx(2.0))
        assert wall.curve


def test_a_verdict_is_withheld_for_a_reason(tmp_path: Path) -> None:
    found = scored(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    with pytest.raises(ValueError, match="the verdict on fast can only be withheld for a reason"):
        withhold(found.comparisons[0], [])
