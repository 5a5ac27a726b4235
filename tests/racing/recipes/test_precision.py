import pytest
import torch
from torch import Tensor, nn

from sooner.racing.recipes.precision import choose
from tests.clock_by_hand import Hand


@pytest.fixture(autouse=True)
def time(hand: Hand) -> Hand:
    """The clock that the measured steps are timed with."""
    return hand.moves("racing.recipes.precision")


class Slow(nn.Module):
    """Takes a second in float32, and as many as are given in bf16."""

    def __init__(self, time: Hand, bf16: float) -> None:
        super().__init__()
        self.time = time
        self.bf16 = bf16
        self.weight = nn.Parameter(torch.zeros(3))

    def forward(self, inputs: Tensor) -> Tensor:
        self.time.sleep(self.bf16 if torch.is_autocast_enabled("cpu") else 1.0)
        return inputs.flatten(1)[:, :3] * self.weight


@pytest.mark.parametrize(("bf16", "chosen"), [(2.0, "float32"), (0.95, "float32"), (0.9, "bf16"), (0.1, "bf16")])
@pytest.mark.parametrize("shape", [(3,), (1, 2, 2)])
def test_bf16_is_chosen_where_it_pays(time: Hand, shape: tuple[int, ...], bf16: float, chosen: str) -> None:
    assert choose(Slow(time, bf16), shape, 4, torch.device("cpu")) == chosen


def test_gradients_of_the_trial_steps_are_not_left_behind(time: Hand) -> None:
    model = Slow(time, 2.0)
    choose(model, (3,), 4, torch.device("cpu"))
    assert model.weight.grad is None
    assert torch.equal(model.weight, torch.zeros(3))
