from __future__ import annotations

from dataclasses import replace
from typing import Any

from sooner.reporting.checks import Check, checks
from sooner.results.notices import OtherPrograms, RunsRetried
from sooner.results.records import Lane, Results
from tests.reporting.races import compared, race, realistic, run


def found(results: Results) -> dict[str, Check]:
    return {check.subject: check for check in checks(results)}


def quiet(ran: int = 6, **more: Any) -> Results:
    """A race about which there is nothing to doubt."""
    runs = [run([0.1, 0.9], seed=seed) for seed in range(ran)]
    lanes = [Lane("baseline", "baseline", {}, runs), Lane("x", "lane", {"sampling": "x"}, runs)]
    return race(lanes, [compared("x", "baseline", 1.5, 1.2, 1.9, pairs=ran)], **more)


def test_nothing_to_doubt() -> None:
    told = checks(quiet())
    assert {check.level for check in told} == {"good"}
    assert [check.subject for check in told] == ["Pairs", "Target reached", "Controls", "Machine"]


def test_a_notice_that_begins_with_a_lane_keeps_its_name() -> None:
    retried = RunsRetried("x", (3,), ("ValueError: b",), (), False)
    told = [check.text for check in checks(quiet(notices=[retried, OtherPrograms(0.22)])) if check.subject == "Noted"]
    assert told[0] == "x with seed 3 failed once (ValueError: b) and is still to be repeated."
    assert told[1].startswith("Other programs used 22%")


def test_an_incomplete_race_says_what_is_missing() -> None:
    check = found(quiet(complete=False, pairs=8))["Incomplete race"]
    assert check.level == "bad"
    assert "12 of 16 runs" in check.text


def test_pairs_added_after_a_look_are_told_with_what_the_look_showed() -> None:
    runs = [run([0.1, 0.9], seed=seed) for seed in range(8)]
    lanes = [Lane("baseline", "baseline", {}, runs), Lane("x", "lane", {"sampling": "x"}, runs)]
    now = replace(compared("x", "baseline", 1.2, 0.9, 1.7, pairs=8), looks=2, alpha=0.009375)
    faster = compared("x", "baseline", 1.5, 1.2, 1.9, pairs=6)
    told = found(race(lanes, [now], looked=[6], earlier=[faster]))
    assert "Pairs were added after 6 could be seen" in told["Looks"].text
    assert "judged at 0.94%, half of what the looks before left of the 5%" in told["Looks"].text
    assert told["Earlier look"].level == "caution"
    assert told["Earlier look"].text.startswith("After 6 pairs x against baseline was faster: 1.50x (95% CI 1.20 to ")
    # A verdict that the later look has, too, needs no word.
    assert "Earlier look" not in found(race(lanes, [replace(faster, looks=2)], looked=[6], earlier=[faster]))
    # Races that were joined have been looked at somewhere.
    assert "added when a verdict could be seen already" in found(race(lanes, [now]))["Looks"].text


def test_too_few_pairs() -> None:
    assert found(quiet(ran=5))["Too few pairs"].level == "bad"
    assert "Pairs" in found(quiet(ran=6))


def test_a_realistic_race_names_misses_breakdowns_and_the_machines_state() -> None:
    told = found(realistic())
    assert "1 of 18 runs (1 of rs2-30)" in told["Target missed"].text
    assert told["Stopped early"].text.endswith("rs2-30, seed 4 (loss became nan at step 214).")
    assert told["Noted"].text.startswith("Other programs used 22% of this machine's cores when the race started: ")
    assert "Machine" not in told


def test_many_breakdowns_are_cut_short() -> None:
    runs = [run([0.1], seed=seed, stopped="loss became nan") for seed in range(5)]
    text = found(race([Lane("baseline", "baseline", {}, runs)]))["Stopped early"].text
    assert "seed 2" in text
    assert "seed 3" not in text
    assert text.endswith("2 more, listed below.")


def test_a_target_reached_at_the_first_evaluation() -> None:
    results = race([Lane("baseline", "baseline", {}, [run([0.6, 0.9]), run([0.1, 0.9], seed=1)])])
    assert found(results)["Target too easy"].text.startswith("1 run had")


def test_a_lane_that_trains_for_less_needs_a_control() -> None:
    full = [run([0.1, 0.4, 0.9])]
    lanes = [Lane("baseline", "baseline", {}, full), Lane("x", "lane", {"sampling": "x"}, [run([0.1, 0.9])])]
    against = [compared("x", "baseline", 1.5, 1.2, 1.9)]
    assert found(race(lanes, against))["No control"].text.startswith("x has no control")
    control = Lane("random@x", "control", {"sampling": "random"}, [run([0.1, 0.9])])
    held = race([*lanes, control], [*against, compared("x", "random@x", 1.0, 0.9, 1.1)])
    assert found(held)["Controls"].level == "good"
    assert found(race(lanes[1:]))["No baseline"].level == "bad"


def test_a_lane_of_the_baselines_budget_needs_no_control_though_it_broke_down() -> None:
    recipe = {"budget": "4ep", "batch_size": 32, "model": "mlp"}
    broken = Lane("x", "lane", {**recipe, "sampling": "x"}, [run([0.1], stopped="loss became nan")])
    full = Lane("baseline", "baseline", recipe, [run([0.1, 0.4, 0.9])])
    assert "No control" not in found(race([full, broken], [compared("x", "baseline", 0.5, 0.4, 0.6)]))


def test_a_shorter_baseline_is_its_own_control() -> None:
    recipe = {"budget": "4ep", "batch_size": 32}
    full = Lane("baseline", "baseline", recipe, [run([0.1, 0.4, 0.9])])
    short = Lane("x", "lane", {**recipe, "budget": "2ep"}, [run([0.1, 0.9])])
    assert "No control" not in found(race([full, short], [compared("x", "baseline", 1.5, 1.2, 1.9)]))


def test_lanes_that_share_the_5_percent_and_lanes_that_do_not() -> None:
    base = quiet()
    assert "Many lanes" not in found(base)
    lanes = [*base.lanes, replace(base.lanes[1], name="y")]
    each = [replace(base.comparisons[0], lane=name, alpha=0.025, pairs=8) for name in ("x", "y")]
    shared = found(race(lanes, each))["Many lanes"]
    assert (shared.level, "2 lanes share the 5%" in shared.text) == ("good", True)
    apart = found(race(lanes, [replace(c, alpha=0.05) for c in each]))["Many lanes"]
    assert (apart.level, "up to 10%" in apart.text) == ("caution", True)


def test_no_runs_at_all() -> None:
    told = checks(race([]))
    assert [(check.level, check.subject) for check in told] == [("bad", "Nothing compared"), ("good", "Machine")]


def test_one_run_is_not_many() -> None:
    one = race([Lane("baseline", "baseline", {}, [run([0.1, 0.9])])], complete=False, pairs=1)
    assert found(one)["Target reached"].text == "By the one run."
    assert found(one)["Incomplete race"].text.startswith("Only 1 of 1 run is in.")
    missed = race([Lane("baseline", "baseline", {}, [run([0.1, 0.2])])])
    assert found(missed)["Target missed"].text.startswith("By 1 of 1 run (1 of baseline).")


SGD = {"name": "sgd", "lr": 0.4}


def rated(ratio: tuple[float, float, float], **fields: Any) -> Results:
    """A lane of the baseline's recipe but for these fields, against the baseline."""
    runs = [run([0.1, 0.9], seed=seed) for seed in range(6)]
    recipe = {"budget": "9ep", "optimizer": SGD}
    lanes = [Lane("baseline", "baseline", recipe, runs), Lane("x", "lane", {**recipe, **fields}, runs)]
    return race([lanes[0], replace(lanes[1], opponents=["baseline"])], [compared("x", "baseline", *ratio)])


def test_a_lane_at_another_rate_is_told_that_rates_were_not_tuned_equally() -> None:
    faster = found(rated((1.5, 1.2, 1.9), optimizer={**SGD, "lr": 0.05}))["Rates not tuned"]
    assert faster.level == "caution"
    assert faster.text == (
        "Learning rates were not tuned equally: x (learning rate 0.4 to 0.05), while the baseline keeps the task's "
        "own. x is faster than the baseline at another rate: the baseline may gain as much by it. A race with "
        "--tune searches them all alike."
    )
    slower = found(rated((0.7, 0.6, 0.8), optimizer={"name": "lamb", "lr": 0.01}))["Rates not tuned"]
    assert "x (optimizer sgd to lamb, at 0.01), while the baseline keeps the task's own. A race" in slower.text
    same = found(rated((1.5, 1.2, 1.9), averaging={"name": "ema"}))
    assert "Rates not tuned" not in same
    assert same["Rates"].level == "good"


def test_a_method_that_no_lane_was_raced_without_is_named() -> None:
    ema = {"averaging": {"name": "ema"}}
    assert "Method not isolated" not in found(rated((1.5, 1.2, 1.9), **ema))
    other = found(rated((1.5, 1.2, 1.9), **ema, batch_size=128))["Method not isolated"]
    assert other.text == "No lane differs from x in ema alone, so nothing here says whether it pays by itself."
    assert "Method not isolated" not in found(rated((1.5, 1.2, 1.9), batch_size=128))
