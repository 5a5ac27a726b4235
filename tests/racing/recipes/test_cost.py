from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sooner.racing.recipes import cost
from sooner.racing.recipes.cost import relative_cost, steps_of
from sooner.recipes import Recipe, resolve
from sooner.tasks import get_task, load_data, models
from tests.clock_by_hand import Hand

CPU = torch.device("cpu")
DIGITS = load_data("digits")
BASELINE = resolve("baseline", dict(get_task("digits").recipe) | {"precision": "float32"})


def recipe(**fields: Any) -> Recipe:
    return Recipe.from_dict({**BASELINE.to_dict(), "name": "mine", **fields})


class Counted(nn.Module):
    """A small net of two channels at first, whose pass moves the clock by what `seconds` says of net and inputs."""

    def __init__(self, seconds: Callable[[nn.Module, Tensor], float], hand: Hand) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(8, 10)
        self._seconds, self._hand = seconds, hand

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training:
            self._hand.now += self._seconds(self, inputs)
        logits: Tensor = self.head(self.features(inputs).mean((2, 3)))
        return logits


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[nn.Module, Tensor], float]], None]:
    """Trains that net, on a clock that nothing else moves."""
    hand = Hand(monkeypatch).moves("training.clock")
    monkeypatch.setattr(cost, "ROUNDS", 1)

    def build(seconds: Callable[[nn.Module, Tensor], float]) -> None:
        monkeypatch.setattr(models, "build", lambda *given, **options: Counted(seconds, hand))

    return build


def test_what_changes_with_progress_is_measured_in_its_shares(net: Any) -> None:
    # Half of the 20 steps on 6x6 pixels and half on 8x8: (36 + 64) / 2 / 64.
    net(lambda module, inputs: float(inputs.numel()))
    half = {"name": "progressive-resizing", "start": 0.75, "since": 0.5, "until": 0.5, "multiple": 2}
    small = recipe(augmentation=[half])
    assert relative_cost(small, recipe(augmentation=[]), DIGITS, CPU) == pytest.approx(0.78125)
    # Twice the examples in a step are twice the seconds, and as many per example.
    assert relative_cost(recipe(batch_size=128), BASELINE, DIGITS, CPU) == pytest.approx(1)


def test_methods_that_act_every_so_many_steps_act_as_often_as_in_a_whole_run(net: Any) -> None:
    # 3 surgeries at a quarter, half and three quarters of the budget, whatever a run's length: 8, 6, 4 and 2 channels.
    net(lambda module, inputs: float(module.features[0].out_channels))
    linear = {"channels": 0.25, "until": 0.75, "schedule": "linear"}
    for budget, every in (("20000ba", 5000), ("400ba", 100)):
        pruned = recipe(budget=budget, structure=[{"name": "channel-pruning", "every": every, **linear}])
        assert relative_cost(pruned, recipe(budget=budget), DIGITS, CPU) == pytest.approx((8 + 6 + 4 + 2) / 4 / 8)


def test_a_recipe_that_cannot_be_trained_costs_as_much(net: Any) -> None:
    def out_of_memory(module: nn.Module, inputs: Tensor) -> float:
        raise torch.OutOfMemoryError("out of memory")

    net(out_of_memory)
    assert relative_cost(recipe(), BASELINE, DIGITS, CPU) == 1


def test_the_budget_and_words_decide_nothing_about_a_step() -> None:
    assert steps_of(recipe(budget="3ep", summary="short")) == steps_of(BASELINE)
    assert steps_of(recipe(batch_size=32)) != steps_of(BASELINE)
