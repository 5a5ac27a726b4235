from __future__ import annotations

from pathlib import Path

import pytest

from sooner.errors import DataError
from sooner.tasks import default_recipe, get_task, load_data, tasks


def test_known_tasks() -> None:
    assert [task.name for task in tasks()] == ["digits", "mnist", "fashion_mnist", "cifar10", "cifar100"]
    fields = {"model", "budget", "batch_size", "optimizer", "schedule", "loss", "augmentation"}
    for task in tasks():
        assert 0 < task.target < 1
        assert set(task.recipe) == fields
        assert get_task(task.name) == task


def test_choices_take_the_place_of_the_tasks_own() -> None:
    task = get_task("cifar10", target=0.9, model="resnet18", skip_bad=True, image_size=16)
    assert (task.target, task.recipe["model"]) == (0.9, "resnet18")
    assert task.options == {"skip_bad": True, "image_size": 16}
    assert get_task("cifar10").recipe["model"] != "resnet18"


def test_an_mlp_is_not_trained_at_the_rate_of_a_net_with_batch_norm() -> None:
    for name in ("digits", "cifar10"):
        own, changed = get_task(name).recipe, get_task(name, model="mlp").recipe
        assert changed["optimizer"] == {**own["optimizer"], "lr": min(own["optimizer"]["lr"], 0.1)}
        assert {**changed, "model": own["model"], "optimizer": own["optimizer"]} == own
    assert get_task("cifar10", model="resnet20").recipe["optimizer"]["lr"] == 0.2
    assert get_task("cifar10").recipe["optimizer"]["lr"] == 0.2


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.csv"
    path.write_text("x,kind\n" + "\n".join(f"{i},{'ab'[i % 2]}" for i in range(40)))
    return str(path)


def test_own_data(own: str) -> None:
    task = get_task(own, label="kind", target=0.8)
    assert (task.name, task.data, task.target) == (own, own, 0.8)
    assert task.recipe["model"] == "mlp"
    assert task.summary == "40 rows of 1, 2 classes"
    assert get_task(own, label="kind", target=0.8, model="mlp").recipe == task.recipe  # AdamW keeps its rate
    data = load_data(task.data, **task.options)
    assert get_task(own, label="kind", target=0.8, data=data) == task


def test_a_path_is_found_again_from_elsewhere(own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    task = get_task("own.csv", label="kind", target=0.8)
    assert (task.name, task.data) == ("own.csv", own)


def test_image_size_decides_the_default_model() -> None:
    digits = load_data("digits")
    assert default_recipe(digits)["model"] == "convnet-16"
    assert default_recipe(digits)["batch_size"] == 16


def test_own_data_need_a_target(own: str) -> None:
    with pytest.raises(DataError, match="say what to reach, as --target"):
        get_task(own, label="kind")


def test_an_unknown_name_is_said_before_a_target_is_asked_for() -> None:
    with pytest.raises(DataError, match="did you mean mnist"):
        get_task("mnits")


@pytest.mark.parametrize(
    ("target", "reason"), [(90.0, r"not 90 \(90% is 0.9\)"), (1.01, "not 1.01"), (0.0, "not 0"), (-0.5, "not -0.5")]
)
def test_targets_that_no_accuracy_can_reach(target: float, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        get_task("digits", target=target)


def test_a_target_that_is_no_number() -> None:
    with pytest.raises(DataError, match="not nan"):
        get_task("digits", target=float("nan"))


def test_the_digits_baseline_is_not_trained_long_after_its_target() -> None:
    task = get_task("digits")
    assert (task.recipe["optimizer"]["lr"], task.recipe["budget"]) == (0.025, "12ep")  # of benchmarks/baselines
    assert task.lanes == ("rs2-30", "static-30")
    assert get_task("mnist").lanes == ("rs2-10",)
