import json
import pickle

import pytest
from pydantic import ValidationError

from sooner.errors import RecipeError
from sooner.recipes import Choice, Recipe


@pytest.fixture
def fields(base):
    return {"name": "mine", **base}


def test_every_option_is_spelled_out(fields):
    assert Recipe(**fields, sampling={"name": "rs2", "fraction": 0.1}).to_dict() == {
        "name": "mine",
        "summary": "",
        "model": "convnet-16",
        "budget": "10ep",
        "batch_size": 128,
        "accumulate": 1,
        "optimizer": {
            "name": "sgd",
            "lr": 0.1,
            "weight_decay": 0.0005,
            "momentum": 0.9,
            "nesterov": True,
            "no_decay": [],
            "fused": None,
        },
        "schedule": {"name": "one-cycle", "warmup": 0.2, "start": 0.1, "end": 0.0, "anneal": "linear"},
        "augmentation": [{"name": "flip"}, {"name": "translate", "pixels": 2}],
        "sampling": {"name": "rs2", "drop_last": False, "fraction": 0.1, "variant": "without-replacement"},
        "loss": {"name": "cross-entropy", "label_smoothing": 0.0, "ignore_index": -100},
        "wrappers": [],
        "batching": [],
        "sparsity": None,
        "structure": [],
        "averaging": None,
        "precision": "auto",
    }


def test_without_a_sampling_method_all_data_is_reshuffled(fields):
    assert Recipe(**fields).sampling.name == "reshuffle"


def test_all_forms_of_a_choice_are_equal(fields):
    forms = ["reshuffle", {"name": "reshuffle"}, Choice(name="reshuffle", options={"drop_last": False})]
    recipes = [Recipe(**fields, sampling=form) for form in forms]
    assert recipes[0] == recipes[1] == recipes[2]


def test_plain_data_round_trip(fields):
    fields |= {"optimizer": {"name": "adamw", "lr": 0.001, "betas": [0.9, 0.95]}, "budget": "2e6ex"}
    recipe = Recipe(**fields)
    assert recipe.budget == "2000000ex"
    assert recipe.optimizer.options["betas"] == (0.9, 0.95)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_a_recipe_does_not_change(fields):
    with pytest.raises(ValidationError, match="frozen"):
        Recipe(**fields).batch_size = 64


WRONG = [
    ({"batch_size": 1.5}, "batch_size: must be a whole number, not 1.5"),
    ({"batch_size": True}, "batch_size: must be a whole number, not True"),
    ({"batch_size": 0}, "batch_size: must be greater than or equal to 1, not 0"),
    ({"accumulate": 129}, "accumulate: must be at most batch_size, 128, not 129"),
    ({"label_smoothing": 0.1}, "label_smoothing: is an option of the loss: write loss: {name: cross-entropy, label_"),
    ({"loss": {"name": "cross-entropy", "label_smoothing": 1.0}}, "loss.label_smoothing: must be "),
    ({"loss": ["elr", "ps-kd"]}, "loss: takes one loss, not ['elr', 'ps-kd']: a step minimises one loss; choose one"),
    (
        {"sampling": ["reshuffle", "single-shuffle"]},
        "sampling: takes one sampling method, not ['reshuffle', 'single-shuffle']: each would decide by itself which",
    ),
    (
        {"wrappers": ["sgd"]},
        "wrappers[0].name: there is no optimizer wrapper 'sgd'; allowed: gradient-noise, lookahead, perpgrad",
    ),
    ({"wrappers": ["sso"], "accumulate": 2}, "accumulate: must be 1 with sso, which passes a batch through several"),
    (
        {"batching": [{"name": "linear-scaling", "reference": 64}, {"name": "sqrt-scaling", "reference": 64}]},
        "batching: linear-scaling (batching) and sqrt-scaling (batching) cannot be combined: each would set the size",
    ),
    (
        {"sparsity": {"name": "rigl", "density": 0.1}, "structure": [{"name": "channel-pruning", "channels": 0.5}]},
        "structure: rigl (sparsity) and channel-pruning (structure) cannot be combined: ",
    ),
    ({"precision": "fp8"}, "precision: must be 'auto', 'float32' or 'bf16', not 'fp8'"),
    ({"model": ""}, "model: must be some text, not ''"),
    ({"model": 3}, "model: must be text, not 3"),
    ({"budget": 10}, 'budget: a budget must be a number with a unit: "10ep"'),
    ({"budget": "0.1x"}, "budget: 0.1x is a share of the budget of a recipe that is extended, and here there is none"),
    ({"batchsize": 3}, "batchsize: there is no such field; did you mean 'batch_size'? allowed: name, summary, model"),
    ({"optimizer": {"name": "sgd"}}, "optimizer.lr: is required by sgd"),
    ({"optimizer": {"lr": 0.1}}, "optimizer.name: is required, as text; allowed: adagrad, adagrad-norm, adamw"),
    ({"optimizer": 3}, "optimizer: must name the optimizer, alone or in a mapping with its options, not 3"),
    ({"optimizer": {"name": "sgdd", "lr": 1}}, "optimizer.name: there is no optimizer 'sgdd'; did you mean 'sgd'?"),
    ({"optimizer": {"name": "sgd", "lr": "0.1"}}, "optimizer.lr: must be a number, not '0.1'"),
    ({"optimizer": {"name": "sgd", "lr": float("inf")}}, "optimizer.lr: must be a finite number, not inf"),
    ({"optimizer": {"name": "sgd", "lr": -1}}, "optimizer.lr: must be finite and above 0, not -1.0"),
    ({"optimizer": {"name": "sgd", "lr": 1, "nesterov": 1}}, "optimizer.nesterov: must be true or false, not 1"),
    (
        {"optimizer": {"name": "sgd", "lr": 0.1, "momentun": 0}},
        "optimizer.momentun: sgd has no such option; did you mean 'momentum'? allowed: lr, weight_decay, momentum",
    ),
    ({"optimizer": {"name": "adamw", "lr": 1, "betas": 0.9}}, "optimizer.betas: must be a list, not 0.9"),
    ({"optimizer": {"name": "adamw", "lr": 1, "betas": [0.9]}}, "optimizer.betas[1]: is required"),
    ({"optimizer": {"name": "adamw", "lr": 1, "betas": [0, 0, 0]}}, "optimizer.betas: must be a list of 2, not [0, 0"),
    ({"schedule": {"name": "cosine", "warmup": 2}}, "schedule.warmup: must be a share of the budget in [0, 1), not 2"),
    ({"schedule": "onecycle"}, "schedule.name: there is no schedule 'onecycle'; did you mean 'one-cycle'?"),
    ({"sampling": "rs3"}, "sampling.name: there is no sampling method 'rs3'; did you mean 'rs2'? allowed: "),
    ({"sampling": "rs2"}, "sampling.fraction: is required by rs2"),
    ({"sampling": {"name": "rs2", "fraction": 1.5}}, "sampling.fraction: must be above 0 and at most 1, not 1.5"),
    (
        {"sampling": {"name": "rs2", "fraction": 0.1, "variant": "half"}},
        "sampling.variant: must be 'without-replacement', 'with-replacement' or 'stratified', not 'half'",
    ),
    ({"sampling": {"name": "rs2", "fraction": 0.1, "seed": 3}}, "sampling.seed: rs2 has no such option"),
    ({"augmentation": "flip"}, "augmentation: must be a list, such as [flip, {name: translate, pixels: 2}]"),
    ({"augmentation": ["flip", "flop"]}, "augmentation[1].name: there is no augmentation 'flop'; did you mean 'flip'?"),
    (
        {"augmentation": [{"name": "translate", "pixels": 0}]},
        "augmentation[0].pixels: must be at least 1, not 0",
    ),
    ({"augmentation": [{"name": "flip", "share": 0.5}]}, "augmentation[0].share: flip has no such option; it has none"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[message.split(",")[0] for _, message in WRONG])
def test_a_wrong_value_is_refused_with_its_path_and_what_is_allowed(fields, change, message):
    with pytest.raises(RecipeError) as error:
        Recipe(**{**fields, **change})
    assert str(error.value).startswith(message)


def test_all_problems_are_reported_at_once(fields):
    with pytest.raises(RecipeError) as error:
        Recipe(**{**fields, "batch_size": 0, "schedule": {"name": "cosine", "warm": 1}, "precision": "half"})
    paths = [line.split(":")[0] for line in str(error.value).splitlines()]
    assert paths == ["batch_size", "schedule.warm", "precision"]


def test_the_error_survives_the_way_to_another_process(fields):
    with pytest.raises(RecipeError) as error:
        Recipe(**{**fields, "batch_size": 0})
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)
