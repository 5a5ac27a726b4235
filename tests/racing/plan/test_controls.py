import math
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
        ({"name": "infobatch", "prune_ratio": 0.3}, {"name": "infobatch", "prune_ratio": 0.3, "matched": True}),
        ({"name": "hard-batches", "fraction": 0.5}, {"name": "hard-batches", "fraction": 0.5, "matched": True}),
        ({"name": "seta", "window": 0.5}, {"name": "seta", "window": 0.5, "matched": True}),
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


def test_what_picks_at_random_already_is_its_own_control() -> None:
    scalar = recipe("mine", sampling={"name": "progressive-dropout", "variant": "scalar"})
    matched = recipe("other", sampling={"name": "ies", "matched": True})
    assert names([scalar, matched]) == [("baseline", "baseline"), ("mine", "lane"), ("other", "lane")]


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
    for fitted, others in ((False, ["baseline@60ep"]), (True, [])):
        lanes = with_controls([longer], BASELINE, N, fitted=fitted)
        assert [lane.name for lane in lanes] == ["baseline", "mine", "random@mine", *others]


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
    chosen = [recipe(name, sparsity={"name": name, **options}) for name in ("rigl", "set")]
    lanes = with_controls([*chosen, recipe("static", sparsity={"name": "random-pruning", **options})], BASELINE, N)
    controls = {lane.name: lane for lane in lanes if lane.role == "control"}
    assert not controls  # the static lane is that control already
    assert [other.name for other in opponents(lanes[1], lanes)] == ["baseline", "static"]
    lanes = with_controls(chosen, BASELINE, N)
    (control,) = [lane for lane in lanes if lane.role == "control"]
    assert control.name == "random-mask@rigl"
    assert control.added_for == ("rigl", "set")
    masks = control.recipe.to_dict()["sparsity"]
    assert (masks["name"], masks["distribution"], masks["density"]) == ("random-pruning", "erk", 0.2)
    assert list(masks["exclude"]) == ["head"]


def test_weights_that_die_little_by_little_do_so_at_random_in_the_control() -> None:
    options = {"density": 0.2, "every": 30}
    gradual = recipe(
        "gradual", sparsity={"name": "magnitude-gradual", "until": 0.5, "distribution": "global", **options}
    )
    granet = recipe("granet", sparsity={"name": "granet", "until": 0.5, **options})
    sparse = recipe("sparse", sparsity={"name": "granet", "start_density": 0.5, **options})
    lanes = {lane.name: lane for lane in with_controls([gradual, granet, sparse], BASELINE, N)}
    control = lanes["random-mask@gradual"]
    assert control.added_for == ("gradual", "granet")  # one schedule of densities
    assert control.recipe.to_dict()["sparsity"] == {
        **gradual.to_dict()["sparsity"], "distribution": "erk", "matched": True
    }  # fmt: skip
    assert lanes["random-mask@sparse"].recipe.sparsity.name == "random-pruning"


def test_a_budget_that_batching_stretches_is_the_one_that_counts() -> None:
    lane = recipe("long", batch_size=64, batching=[{"name": "regime-adaptation", "reference": 32}])
    assert spend(lane, N) == 40 * N
    assert not spends_less(lane, BASELINE, N)


def table(recipes: list[Recipe], cost: Any = None, *, fitted: bool = False) -> dict[str, tuple[str, ...]]:
    """The controls that a race adds, each to the lanes it is there for."""
    lanes = with_controls(recipes, BASELINE, N, fitted=fitted, cost=cost)
    return {lane.name: lane.added_for for lane in lanes if lane.role == "control"}


def but_for_words(recipe: Recipe) -> dict[str, Any]:
    return {key: value for key, value in recipe.to_dict().items() if key not in ("name", "summary")}


OTHER_RATE = {**BASELINE.optimizer.model_dump(), "lr": 0.0123}


def test_a_lane_that_changes_no_method_has_none_to_be_taken_out() -> None:
    none = recipe("none", budget="10ep", optimizer=OTHER_RATE)
    assert table([none]) == {"baseline@10ep": ("none",)}
    assert table([recipe("rate", optimizer=OTHER_RATE)]) == {}


def test_a_plain_sampling_lane_has_its_fitted_control_for_the_one_without_the_method() -> None:
    rs2 = resolve("rs2-30", BASE)
    assert table([rs2]) == {"baseline@6ep": ("rs2-30",)}
    assert table([rs2], fitted=True) == {}


def test_a_method_beside_another_rate_gets_a_control_at_that_rate() -> None:
    mine = Recipe.from_dict({**resolve("rs2-30", BASE).to_dict(), "name": "mine", "optimizer": OTHER_RATE})
    lanes = with_controls([mine], BASELINE, N)
    assert [lane.name for lane in lanes] == ["baseline", "mine", "baseline@6ep", "without-rs2@mine"]
    expected = {**but_for_words(BASELINE), "budget": "6ep", "optimizer": mine.to_dict()["optimizer"]}
    assert but_for_words(lanes[3].recipe) == expected
    assert [other.name for other in opponents(lanes[1], lanes)] == ["baseline", "baseline@6ep", "without-rs2@mine"]
    assert table([mine], fitted=True) == {"without-rs2@mine": ("mine",)}


def test_a_method_at_the_baselines_budget_has_the_baseline_for_that_control() -> None:
    assert table([recipe("mine", averaging={"name": "ema", "decay": 0.9})]) == {}
    lamb = recipe("lamb", optimizer={"name": "lamb", "lr": 0.01})
    assert table([lamb]) == {}


def test_another_optimizer_is_a_method_whose_control_has_the_baselines_rate() -> None:
    ghosts = [{"name": "ghost-batch-norm", "size": 32}]
    mine = recipe("mine", optimizer={"name": "lamb", "lr": 0.01}, batching=ghosts)
    lanes = {lane.name: lane for lane in with_controls([mine], BASELINE, N)}
    assert list(lanes) == ["baseline", "mine", "without-lamb@mine", "without-ghost-batch-norm@mine"]
    assert lanes["without-lamb@mine"].recipe.optimizer == BASELINE.optimizer
    assert lanes["without-lamb@mine"].recipe.batching == mine.batching
    assert lanes["without-lamb@mine"].recipe.summary == "mine without lamb, with sgd as the baseline has it."
    assert lanes["without-ghost-batch-norm@mine"].recipe.optimizer == mine.optimizer
    assert lanes["without-ghost-batch-norm@mine"].recipe.batching == ()


def test_of_several_methods_each_is_left_out_once() -> None:
    both = recipe("both", wrappers=["lookahead"], averaging={"name": "ema", "decay": 0.9})
    lanes = {lane.name: lane for lane in with_controls([both], BASELINE, N)}
    assert list(lanes) == ["baseline", "both", "without-lookahead@both", "without-ema@both"]
    assert lanes["without-ema@both"].recipe.averaging is None
    assert lanes["without-ema@both"].recipe.wrappers == both.wrappers
    assert lanes["without-lookahead@both"].recipe.wrappers == ()
    assert lanes["without-lookahead@both"].recipe.averaging == both.averaging


def test_lanes_share_the_control_that_both_come_to() -> None:
    ema, swa = recipe("a", averaging={"name": "ema"}), recipe("b", averaging={"name": "swa"})
    ema, swa = (Recipe.from_dict({**each.to_dict(), "wrappers": ["lookahead"]}) for each in (ema, swa))
    assert table([ema, swa]) == {
        "without-lookahead@a": ("a",),
        "without-ema@a": ("a", "b"),
        "without-lookahead@b": ("b",),
    }


def test_a_lane_that_is_raced_anyway_is_the_control() -> None:
    alone = recipe("lookahead", wrappers=["lookahead"])
    both = recipe("both", wrappers=["lookahead"], averaging={"name": "ema"})
    lanes = with_controls([alone, both], BASELINE, N)
    assert [lane.name for lane in lanes] == ["baseline", "lookahead", "both", "without-lookahead@both"]
    against = [other.name for other in opponents(lanes[2], lanes)]
    assert against == ["baseline", "lookahead", "without-lookahead@both"]


def test_a_method_of_a_list_is_new_by_its_name_not_by_its_options() -> None:
    flips = [*BASELINE.to_dict()["augmentation"], "cutout"]
    mine = recipe("mine", augmentation=flips, budget="30ep")
    assert table([mine]) == {"baseline@30ep": ("mine",)}


def seconds_per_example(recipe: Recipe, other: Recipe) -> float:
    """Half of an example's time with EfficientTrain, three quarters with fewer channels."""
    spent = {"efficienttrain": 0.5, "precropping": 0.75}
    one, two = ([spent.get(m.name, 1.0) for m in each.methods()] for each in (recipe, other))
    return math.prod(one) / math.prod(two)


def test_where_a_method_makes_steps_cheaper_its_control_gets_the_same_seconds() -> None:
    small = recipe("small", augmentation=["efficienttrain"])
    lanes = with_controls([small], BASELINE, N, cost=seconds_per_example)
    assert [(lane.name, lane.added_for) for lane in lanes[2:]] == [("baseline@10ep", ("small",))]
    assert lanes[2].recipe.summary.endswith("as many seconds as small takes.")
    assert [other.name for other in opponents(lanes[1], lanes)] == ["baseline", "baseline@10ep"]
    assert table([small]) == {}  # without a measure: the baseline, by examples


def test_the_same_seconds_are_those_of_what_each_control_lacks() -> None:
    cheaper = {"augmentation": ["efficienttrain"], "structure": [{"name": "precropping", "density": 0.5}]}
    both = recipe("both", budget="10ep", optimizer=OTHER_RATE, **cheaper)
    lanes = {lane.name: lane.recipe.budget for lane in with_controls([both], BASELINE, N, cost=seconds_per_example)}
    assert lanes == {
        "baseline": "20ep",
        "both": "10ep",
        "baseline@3.8ep": "3.8ep",  # 0.375 of it, in hundredths
        "without-efficienttrain@both": "5ep",
        "without-precropping@both": "7.5ep",
    }
    by_clock = Recipe.from_dict({**both.to_dict(), "budget": "60s"})
    budgets = [lane.recipe.budget for lane in with_controls([by_clock], BASELINE, N, cost=seconds_per_example)]
    assert budgets == ["20ep", "60s", "60s", "60s", "60s"]


def test_a_method_that_saves_nothing_here_has_a_control_of_as_many_examples() -> None:
    assert table([recipe("small", augmentation=["efficienttrain"])], lambda one, other: 1.2) == {}


def test_what_cannot_be_combined_without_a_method_has_no_such_control() -> None:
    # The baseline's loss is softened, and of softened labels no prediction is sure.
    soft = dict(BASE) | {"loss": {"name": "cross-entropy", "label_smoothing": 0.1}}
    baseline = resolve("baseline", soft)
    fields = {"sampling": {"name": "kakurenbo", "hidden": 0.3}, "loss": "stablemax"}
    mine = Recipe.from_dict({**baseline.to_dict(), "name": "mine", **fields})
    lanes = with_controls([mine], baseline, N)
    assert [lane.name for lane in lanes] == ["baseline", "mine", "random@mine", "without-kakurenbo@mine"]


def test_a_budget_that_the_method_stretches_is_its_controls_budget() -> None:
    long = recipe("long", batch_size=64, batching=[{"name": "regime-adaptation", "reference": 32}])
    lanes = {lane.name: lane.recipe for lane in with_controls([long], BASELINE, N)}
    assert spend(lanes["without-regime-adaptation@long"], N) == 40 * N
