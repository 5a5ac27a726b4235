import pytest

from sooner.tasks import models, tasks
from tests.commands.line import Run


def test_every_task_and_model_is_listed_with_its_cost(sooner: Run) -> None:
    status, out, _ = sooner("tasks")
    assert status == 0
    for each in (*tasks(), *models.models()):
        assert each.name in out
    # ResNet-18 with a 3x3 stem on 32x32: 0.5554 G multiply-accumulates (the figure that is quoted is 0.56 G).
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("resnet18")]
    assert row[1:3] == ["11,173,962", "1,110.8"]


def test_one_task_is_shown_with_its_own_recipe_and_lanes(sooner: Run) -> None:
    status, out, _ = sooner("tasks", "digits")
    assert status == 0
    assert "optimizer: {name: sgd, lr: 0.025, momentum: 0.9, weight_decay: 0.0005}" in out
    assert "rs2-30 and static-30 race against it" in out
    assert "mnist" not in out
    assert "resnet18" not in out
    status, out, _ = sooner("tasks", "resnet*")
    assert status == 0
    assert ("resnet18" in out, "resnet20" in out, "digits" in out) == (True, True, False)


@pytest.mark.parametrize(
    ("given", "meant"), [("mnst", "mnist"), ("fashion-mnist", "fashion_mnist"), ("resnet_18", "resnet18")]
)
def test_a_near_miss_is_told_what_was_meant(sooner: Run, given: str, meant: str) -> None:
    status, _, err = sooner("tasks", given)
    assert status == 2
    assert f"did you mean '{meant}'?" in err
