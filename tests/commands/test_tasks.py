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
