from typing import Any

import pytest

from sooner import registry
from sooner.racing.plan.controls import opponents, spend, spends_less, with_controls
from sooner.racing.plan.lanes import PlannedLane
from sooner.recipes import Recipe, resolve
from sooner.tasks import get_task

Choice = dict[str, Any]

BASE = dict(get_task("digits").recipe) | {"budget": "20ep", "batch_size": 32}
BASELINE = resolve("baseline", BASE)
N = 1000


def recipe(name: str, **fields: Any) -> Recipe:
    return Recipe.from_dict({**BASELINE.to_dict(), "name": name, **fields})


def names(recipes: list[Recipe]) -> list[tuple[str, str]]:
    return [(lane.name, lane.role) for lane in with_controls(recipes, BASELINE, N)]


@pytest.mark.parametrize(
    ("budget", "examples"), [("20ep", 20_000), ("0.5ep", 500), ("10ba", 320), ("7e3ex", 7000), ("90s", None)]
)
def test_what_a_budget_pays_for(budget: str, examples: float | None) -> None:
    assert spend(recipe("a", budget=budget), N) == examples


def test_the_baseline_is_always_raced_and_only_once() -> None:
    assert names([]) == [("baseline", "baseline")]
    assert names([BASELINE]) == [("baseline", "baseline")]


def test_a_lane_that_spends_less_gets_the_schedule_fitted_control() -> None:
    lanes = with_controls([resolve("rs2-10", BASE)], BASELINE, N)
    assert [(lane.name, lane.role) for lane in lanes] == [
        ("baseline", "baseline"),
        ("rs2-10", "lane"),
        ("baseline@2ep", "control"),
    ]
    control = lanes[2].recipe.to_dict()
    assert control["budget"] == "2ep"
    assert {k: v for k, v in control.items() if k not in {"name", "summary", "budget"}} == {
        k: v for k, v in BASELINE.to_dict().items() if k not in {"name", "summary", "budget"}
    }
    assert lanes[2].added_for == ("rs2-10",)


def test_lanes_of_one_budget_share_their_control() -> None:
    lanes = with_controls([resolve("rs2-10", BASE), resolve("static-10", BASE), resolve("rs2-30", BASE)], BASELINE, N)
    controls = {lane.name: lane.added_for for lane in lanes if lane.role == "control"}
    assert controls == {"baseline@2ep": ("rs2-10", "static-10"), "baseline@6ep": ("rs2-30",)}


def test_a_lane_that_spends_as_much_or_more_needs_none() -> None:
    assert [role for _, role in names([recipe("same"), recipe("more", budget="30ep")])] == ["baseline", "lane", "lane"]


def test_budgets_in_other_units_are_compared_by_examples_or_given_a_control() -> None:
    assert not spends_less(recipe("a", budget="20000ex"), BASELINE, N)
    assert spends_less(recipe("a", budget="100ba"), BASELINE, N)
    assert spends_less(recipe("a", budget="60s"), BASELINE, N)


def test_a_budget_in_steps_of_another_size_is_fitted_by_examples() -> None:
    lanes = with_controls([recipe("wide", budget="100ba", batch_size=128)], BASELINE, N)
    assert [lane.name for lane in lanes] == ["baseline", "wide", "baseline@12800ex"]
    assert spend(lanes[2].recipe, N) == spend(lanes[1].recipe, N) == 12_800
    assert opponents(lanes[1], lanes) == [lanes[0], lanes[2]]


def test_a_user_who_races_the_control_gets_no_second_one() -> None:
    mine = recipe("short", budget="2ep")
    lanes = with_controls([resolve("rs2-10", BASE), mine], BASELINE, N)
    assert [lane.name for lane in lanes] == ["baseline", "rs2-10", "short"]
    assert opponents(lanes[1], lanes) == [lanes[0], lanes[2]]


def test_a_lane_meets_the_baseline_and_its_control() -> None:
    lanes = with_controls([resolve("rs2-10", BASE), resolve("rs2-30", BASE)], BASELINE, N)
    against = {lane.name: [other.name for other in opponents(lane, lanes)] for lane in lanes}
    assert against == {
        "baseline": [],
        "rs2-10": ["baseline", "baseline@2ep"],
        "rs2-30": ["baseline", "baseline@6ep"],
        "baseline@2ep": ["baseline"],
        "baseline@6ep": ["baseline"],
    }


@pytest.mark.parametrize(
    ("sampling", "control"),
    [
        ({"name": "ucb", "fraction": 0.4, "period": 3}, {"name": "dynamic-random", "fraction": 0.4, "period": 3}),
        ({"name": "eps-greedy", "fraction": 0.4}, {"name": "dynamic-random", "fraction": 0.4, "period": 1}),
        ({"name": "infobatch", "prune_ratio": 0.3}, {"name": "dynamic-random", "fraction": 0.7}),
        ({"name": "hard-batches", "fraction": 0.5}, {"name": "dynamic-random", "fraction": 0.5}),
        ({"name": "seta", "prune_ratio": 0.2, "window": 0.5}, {"name": "dynamic-random", "fraction": 0.4}),
        ({"name": "importance", "fraction": 0.5}, {"name": "dynamic-random", "fraction": 0.5}),
        ({"name": "ies", "threshold": 0.01}, {"name": "ies", "threshold": 0.01, "matched": True}),
        ({"name": "kakurenbo", "hidden": 0.2}, {"name": "kakurenbo", "hidden": 0.2, "matched": True}),
        ({"name": "selective-backprop", "beta": 2.0}, {"name": "selective-backprop", "beta": 2.0, "matched": True}),
        ({"name": "progressive-dropout"}, {"name": "progressive-dropout", "variant": "schedule-matched"}),
    ],
    ids=lambda chosen: chosen["name"],
)
def test_a_lane_that_chooses_by_score_gets_as_much_random_data(sampling: Choice, control: Choice) -> None:
    lanes = with_controls([recipe("mine", sampling={**sampling, "drop_last": True})], BASELINE, N)
    assert [lane.name for lane in lanes] == ["baseline", "mine", "random@mine"]
    twin = lanes[2].recipe.to_dict()["sampling"]
    assert {name: twin[name] for name in control} == control
    assert twin["drop_last"]
    assert [other.name for other in opponents(lanes[1], lanes)] == ["baseline", "random@mine"]


def test_every_scored_method_has_a_control_that_is_not_itself() -> None:
    for method in registry.methods():
        assert method.scored == (method.control is not None)
        if method.control is not None:
            options = dict(method.example)
            chosen = dict(method.control(options))
            assert chosen != {"name": method.name, **options}
            assert registry.get(method.seam, chosen["name"]).seam == method.seam


def test_a_control_of_an_older_race_is_known_by_what_it_was_added_for() -> None:
    mine = recipe("mine", sampling={"name": "selective-backprop"})
    older = PlannedLane(
        "random@mine",
        "control",
        recipe("random@mine", sampling={"name": "static", "fraction": 0.5}, budget="5ep"),
        ("mine",),
    )
    lanes = [PlannedLane("baseline", "baseline", BASELINE), PlannedLane("mine", "lane", mine), older]
    assert [other.name for other in opponents(lanes[1], lanes)] == ["baseline", "random@mine"]


def test_a_lane_that_chooses_by_score_gets_it_at_any_budget_and_under_either_protocol() -> None:
    longer = recipe("mine", sampling={"name": "infobatch", "prune_ratio": 0.3}, budget="60ep")
    for fitted in (False, True):
        lanes = with_controls([longer], BASELINE, N, fitted=fitted)
        assert [lane.name for lane in lanes] == ["baseline", "mine", "random@mine"]


def test_a_score_that_leaves_nothing_out_has_the_baseline_as_its_random_data() -> None:
    lanes = with_controls([recipe("mine", sampling={"name": "importance"})], BASELINE, N)
    assert [lane.name for lane in lanes] == ["baseline", "mine"]


def test_a_lane_meets_the_random_twin_that_the_user_races_already() -> None:
    twin = recipe("mine", budget="5ep", sampling={"name": "dynamic-random", "fraction": 0.4})
    lanes = with_controls([recipe("ucb", budget="5ep", sampling={"name": "ucb", "fraction": 0.4}), twin], BASELINE, N)
    assert [lane.name for lane in lanes] == ["baseline", "ucb", "mine", "baseline@5ep"]
    assert [other.name for other in opponents(lanes[1], lanes)] == ["baseline", "mine", "baseline@5ep"]
    assert [other.name for other in opponents(lanes[2], lanes)] == ["baseline", "baseline@5ep"]


def test_a_lane_that_chooses_its_weights_gets_as_many_at_random() -> None:
    options = {"density": 0.2, "exclude": ["head"]}
    chosen = [recipe(name, sparsity={"name": name, **options}) for name in ("rigl", "magnitude-gradual")]
    lanes = with_controls([*chosen, recipe("static", sparsity={"name": "random-pruning", **options})], BASELINE, N)
    controls = {lane.name: lane for lane in lanes if lane.role == "control"}
    assert not controls  # the static lane is that control already
    assert [other.name for other in opponents(lanes[1], lanes)] == ["baseline", "static"]
    lanes = with_controls(chosen, BASELINE, N)
    (control,) = [lane for lane in lanes if lane.role == "control"]
    assert control.name == "random-mask@rigl"
    assert control.added_for == ("rigl", "magnitude-gradual")
    masks = control.recipe.to_dict()["sparsity"]
    assert (masks["name"], masks["distribution"], masks["density"]) == ("random-pruning", "erk", 0.2)
    assert list(masks["exclude"]) == ["head"]


def test_a_budget_that_batching_stretches_is_the_one_that_counts() -> None:
    lane = recipe("long", batch_size=64, batching=[{"name": "regime-adaptation", "reference": 32}])
    assert spend(lane, N) == 40 * N
    assert not spends_less(lane, BASELINE, N)
