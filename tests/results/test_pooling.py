from dataclasses import replace
from pathlib import Path

import pytest

from sooner.errors import SoonerError
from sooner.results.notices import Drift, GridsDiffer, LanesRenamed, OfRace, OtherPrograms, PairsPooled
from sooner.results.pooling import join
from sooner.results.records import Comparison, Results
from sooner.results.rescoring import rescore, withhold
from sooner.results.suspicions import SeedIgnored
from sooner.results.verdict import Cause, Finding, Reason
from tests.racing.made import plan
from tests.racing.raced import later, race

STEADY = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5]


def wall(results: Results, lane: str, against: str) -> Comparison:
    (found,) = [c for c in results.comparisons if (c.lane, c.against, c.clock) == (lane, against, "wall")]
    return found


def at(results: Results, started: str) -> Results:
    return replace(results, started=started)


def test_races_without_a_common_seed_go_on_from_each_other(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    second = race(tmp_path / "b", later("fast", seed=6), {"baseline": 20.0, "fast": 10.0})
    joined = join([first, second], ["a", "b"])
    assert [(lane.name, len(lane.runs)) for lane in joined.lanes] == [("baseline", 12), ("fast", 12)]
    assert [run.seed for run in joined.lanes[1].runs] == list(range(12))
    found = wall(joined, "fast", "baseline")
    # The second race ran on a machine half as fast; pairs are within a race, so that leaves no trace.
    assert (found.ratio, found.pairs) == (pytest.approx(2.0), 12)
    # A verdict could be seen after the first six, where 2 of 64 are false: the second look has half of what is left.
    assert (found.looks, found.alpha) == (2, pytest.approx((0.05 - 2 / 64) / 2))
    assert joined.pairs == 12
    assert joined.notices == [PairsPooled(("a", "b"))]


def test_pairs_too_few_for_a_verdict_were_no_look(tmp_path: Path) -> None:
    parts = [
        race(tmp_path / str(k), later("fast", seed=3 * k, pairs=3), {"baseline": 10.0, "fast": 5.0}) for k in range(4)
    ]
    levels = []
    for count in (2, 3, 4):
        found = wall(join(parts[:count], ["a", "b", "c", "d"][:count]), "fast", "baseline")
        levels.append((found.pairs, found.looks, found.alpha))
    second = (0.05 - 2 / 64) / 2
    # Of nine pairs 2 in 512 have a statistic of at most 1 on either side, and 3 one of at most 2: 2 * 2 / 512 < 0.0094.
    third = (0.05 - 2 / 64 - 2 * (1 + 1) / 2**9) / 2
    assert levels == [(6, 1, 0.05), (9, 2, pytest.approx(second)), (12, 3, pytest.approx(third))]


def test_races_on_the_same_seeds_stand_side_by_side(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("one"), {"baseline": STEADY, "one": 5.0})
    other = later("one", "two", seed=0)
    # "one" is another recipe in the second race: its label smoothing is that of the place it stands in.
    other = replace(other, lanes=(other.lanes[0], other.lanes[2], replace(other.lanes[2], name="one")))
    second = at(race(tmp_path / "b", other, {"baseline": STEADY, "one": 2.5, "two": 8.0}), "2027")
    joined = join([second, first], ["b", "a"])  # whatever their order, the earlier comes first
    assert [lane.name for lane in joined.lanes] == ["baseline", "one", "baseline#2", "two", "one#2"]
    assert {lane.name: lane.opponents for lane in joined.lanes} == {
        "baseline": [],
        "one": ["baseline"],
        "baseline#2": ["baseline"],
        "two": ["baseline#2"],
        "one#2": ["baseline#2"],
    }
    compared = {(c.lane, c.against) for c in joined.comparisons}
    assert compared == {
        ("one", "baseline"),
        ("baseline#2", "baseline"),
        ("two", "baseline#2"),
        ("one#2", "baseline#2"),
    }
    assert wall(joined, "one", "baseline") == wall(first, "one", "baseline")
    renamed, drift = joined.notices
    assert renamed == LanesRenamed(("b",), ("baseline#2", "one#2"))
    assert isinstance(drift, Drift)
    assert (drift.later, drift.first, drift.races, drift.drifted) == ("baseline#2", "baseline", ("b",), "none_shown")
    assert Results.from_json(joined.to_json()) == joined


def test_a_machine_that_drifted_is_told_with_its_interval(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("one"), {"baseline": 10.0, "one": 5.0})
    second = at(race(tmp_path / "b", plan("two"), {"baseline": 5.0, "two": 2.5}), "2027")
    joined = join([first, second], ["a", "b"])
    assert wall(joined, "baseline#2", "baseline").ratio == pytest.approx(2.0)
    told = joined.notices[-1]
    assert isinstance(told, Drift)
    assert (told.drifted, told.ci_low, told.ci_high) == ("drifted", pytest.approx(2.0), pytest.approx(2.0))
    # Each against its own baseline is as it was.
    assert wall(joined, "two", "baseline#2").ratio == pytest.approx(2.0)


def test_without_enough_common_seeds_drift_is_not_known(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("one"), {"baseline": 10.0, "one": 5.0})
    second = at(race(tmp_path / "b", later("two", seed=4), {"baseline": 5.0, "two": 2.5}), "2027")
    assert join([first, second], ["a", "b"]).notices[-1] == Drift("baseline#2", "baseline", ("b",), "unknown", 2)


def test_a_race_that_stopped_by_what_it_saw_keeps_its_level_and_is_not_added_to(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("fast", pairs=12, until="decided"), {"baseline": 10.0, "fast": 5.0}, pairs=9)
    second = at(race(tmp_path / "b", later("fast", seed=12), {"baseline": 10.0, "fast": 5.0}), "2027")
    joined = join([first, second], ["a", "b"])
    assert [lane.name for lane in joined.lanes] == ["baseline", "fast", "baseline#2", "fast#2"]
    own, found = wall(first, "fast", "baseline"), wall(joined, "fast", "baseline")
    assert own.looks > 1
    assert (found.looks, found.alpha, found.ci_low) == (own.looks, own.alpha, own.ci_low)
    assert (wall(joined, "fast#2", "baseline#2").looks, wall(joined, "fast#2", "baseline#2").alpha) == (1, 0.05)


def test_races_that_are_not_alike_are_refused_with_every_reason(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("one"), {"baseline": 10.0, "one": 5.0})
    second = replace(first, task="mnist", target=0.5, started="2027")
    with pytest.raises(SoonerError, match=r"(?s)task: digits in a, mnist in b.*target: 0.9 in a, 0.5 in b.*one race"):
        join([first, second], ["a", "b"])
    with pytest.raises(SoonerError, match="give --target"):
        join([first, rescore(replace(first, started="2027"), 0.5)], ["a", "b"])
    with pytest.raises(SoonerError, match="a and b are the same race"):
        join([first, first], ["a", "b"])
    with pytest.raises(SoonerError, match="1 race was given"):
        join([first], ["a"])
    with pytest.raises(ValueError, match="name of its own"):
        join([first, second], ["a", "a"])


def test_races_looked_at_unequally_often_stand_side_by_side(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("one"), {"baseline": 10.0, "one": 5.0})
    second = at(race(tmp_path / "b", later("one", seed=6), {"baseline": 10.0, "one": 5.0}), "2027")
    joined = join([first, replace(second, evaluate_every=7)], ["a", "b"])
    assert [lane.name for lane in joined.lanes] == ["baseline", "one", "baseline#2", "one#2"]
    assert GridsDiffer(("a", "b"), (100, 7)) in joined.notices


def test_prices_and_notices_keep_their_race(tmp_path: Path) -> None:
    first = replace(race(tmp_path / "a", plan("one"), {"baseline": 10.0, "one": 5.0}), price_per_hour=2.0)
    second = replace(first, started="2027", price_per_hour=3.0, notices=[OtherPrograms(0.3)], complete=False)
    joined = join([first, second], ["a", "b"])
    assert joined.price_per_hour is None
    assert OfRace("b", OtherPrograms(0.3)) in joined.notices
    assert not joined.complete


def repeated(results: Results) -> Results:
    """The race with five looks a run: honest ones of the baseline, and the same ones whatever the seed of the lane."""
    lanes = []
    for lane in results.lanes:
        runs = []
        for run in lane.runs:
            noise = 0.001 * run.seed if lane.role == "baseline" else 0.0
            looks = [replace(run.evaluations[-1], seconds=0.2 * k, metric=0.19 * k + noise) for k in range(1, 6)]
            runs.append(replace(run, evaluations=looks, final_metric=0.95))
        lanes.append(replace(lane, runs=runs))
    return replace(results, lanes=lanes)


def test_what_pairs_of_several_races_show_together_is_told_of_the_pool(tmp_path: Path) -> None:
    parts = [
        repeated(race(tmp_path / str(k), later("fast", seed=3 * k, pairs=3), {"baseline": 10.0, "fast": 5.0}))
        for k in range(2)
    ]
    assert SeedIgnored("fast", 6, 1) in join(parts, ["a", "b"]).notices


def test_what_one_of_them_has_told_is_told_once(tmp_path: Path) -> None:
    first, second = (
        repeated(race(tmp_path / str(k), later("fast", seed=6 * k), {"baseline": 10.0, "fast": 5.0})) for k in range(2)
    )
    told = replace(first, notices=[SeedIgnored("fast", 6, 1)])
    found = [notice for notice in join([told, second], ["a", "b"]).notices if not isinstance(notice, PairsPooled)]
    assert found == [OfRace("a", SeedIgnored("fast", 6, 1))]


def test_a_verdict_withheld_in_one_race_is_withheld_in_the_pool(tmp_path: Path) -> None:
    first = race(tmp_path / "a", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    second = race(tmp_path / "b", later("fast", seed=6), {"baseline": 10.0, "fast": 5.0})
    reason = Reason(Cause.RECIPES_DIFFER, ("optimizer.lr",))
    second = replace(second, comparisons=[withhold(c, [reason]) for c in second.comparisons])
    found = wall(join([first, second], ["a", "b"]), "fast", "baseline")
    assert (found.finding, found.reasons, found.pairs) == (Finding.WITHHELD, (reason,), 12)
