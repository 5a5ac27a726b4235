import dataclasses
import json

import pytest
from benchmarks._sooner import Evaluation, Lane, Results, Run, rescore, timed
from benchmarks.keep import kept, load


def run(seed, metrics, stopped=None):
    looks = [Evaluation(1.25 * at, 3 * at, 96 * at, metric) for at, metric in enumerate(metrics)]
    last = looks[-1]
    blank = {"time_to_target_s": None, "steps_to_target": None}
    made = Run(
        seed=seed, hit=False, **blank, examples_to_target=None, budget_s=last.seconds + 0.5,
        final_metric=last.metric, test_metric=0.8123, phases={},
        evaluations=looks, steps=last.step, examples=last.examples, flops=2e9, stopped=stopped,
    )  # fmt: skip
    return timed(made, 0.7)


def race(**changes):
    slow = [run(seed, [0.1, round(0.3 + seed / 40, 3), 0.5, 0.4, 0.7, 0.8]) for seed in range(6)]
    fast = [run(seed, [0.1, 0.5, 0.8, round(0.7 + seed / 40, 3), 0.9, 0.6, 0.6, 0.6]) for seed in range(6)]
    recipe = {"name": "baseline", "budget": "5ep", "loss": {"name": "cross-entropy"}, "sparsity": None}
    lanes = [
        Lane("baseline", "baseline", recipe, slow),
        Lane("mine", "lane", {**recipe, "name": "mine", "sparsity": {"name": "set"}}, fast, opponents=["baseline"]),
        Lane("other", "lane", {"name": "other", "program": "train"}, fast[:5], opponents=["baseline", "mine"]),
    ]
    given = {"task": "digits", "target": 0.7, "metric": "accuracy", "protocol": "first-hit", "device": "cpu"}
    return rescore(
        Results(**given, started="2026-01-01", lanes=lanes, comparisons=[], pairs=6, **changes), curves=False
    )


def written(results, tmp_path):
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(kept(results)))
    return load(path)


@pytest.mark.parametrize("target", [0.2, 0.45, 0.7, 0.85])
def test_comparisons_at_any_target_are_those_of_the_whole_race(tmp_path, target):
    whole = race()
    again = written(whole, tmp_path)
    assert rescore(again, target, curves=False).comparisons == rescore(whole, target, curves=False).comparisons


def test_what_a_run_came_to_and_what_its_lane_is(tmp_path):
    whole = race()
    again = written(whole, tmp_path)
    assert [dataclasses.replace(lane, runs=[], survival=[]) for lane in again.lanes] == [
        dataclasses.replace(lane, runs=[], survival=[], metric_noise=None) for lane in whole.lanes
    ]
    for one, other in zip(whole.lanes[1].runs, again.lanes[1].runs, strict=True):
        assert other == one
        assert any(one.noise)


def test_levels_of_a_race_of_several_looks_and_runs_on_fresh_seeds(tmp_path):
    whole = race(
        confirmation={"mine": [run(7, [0.1, 0.9, 0.9])], "baseline": [run(7, [0.1, 0.2, 0.9], "loss became nan")]}
    )
    whole = rescore(whole, curves=False, levels={"mine": (0.01, 3)})
    again = written(whole, tmp_path)
    assert again.comparisons == whole.comparisons
    assert {each.looks for each in again.comparisons if each.lane == "mine" and not each.confirmation} == {3}


def test_shares_of_the_validation_examples_are_kept_as_counts(tmp_path):
    data = {"n_train_and_validation": 305, "validation_share": 0.1}
    thirds = [run(seed, [0.1, 1 / 3, 2 / 3, 0.7]) for seed in range(6)]
    whole = race(data=data)
    whole = dataclasses.replace(whole, lanes=[dataclasses.replace(lane, runs=thirds) for lane in whole.lanes])
    assert kept(whole)["metric_of"] == 30
    again = written(whole, tmp_path)
    assert [e.metric for e in again.lanes[0].runs[0].evaluations] == [0.1, 1 / 3, 2 / 3, 0.7]


def test_another_format_is_refused(tmp_path):
    path = tmp_path / "kept.json"
    path.write_text(json.dumps({**kept(race()), "kept": 99}))
    with pytest.raises(ValueError, match="kept in another format than 1; keep the race again"):
        load(path)
