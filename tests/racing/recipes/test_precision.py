import time

import torch
from torch import Tensor, nn

from sooner.racing.recipes.precision import choose


class Slow(nn.Module):
    """Takes 8 ms longer in one of the two precisions."""

    def __init__(self, slow_in_bf16: bool) -> None:
        super().__init__()
        self.slow_in_bf16 = slow_in_bf16
        self.weight = nn.Parameter(torch.zeros(3))

    def forward(self, inputs: Tensor) -> Tensor:
        if torch.is_autocast_enabled("cpu") == self.slow_in_bf16:
            time.sleep(0.008)
        return inputs.flatten(1)[:, :3] * self.weight


def test_the_faster_precision_is_chosen_by_measuring() -> None:
    assert choose(Slow(slow_in_bf16=True), (3,), 4, torch.device("cpu")) == "float32"
    assert choose(Slow(slow_in_bf16=False), (1, 2, 2), 4, torch.device("cpu")) == "bf16"


def test_gradients_of_the_trial_steps_are_not_left_behind() -> None:
    model = Slow(slow_in_bf16=True)
    choose(model, (3,), 4, torch.device("cpu"))
    assert model.weight.grad is None
    assert torch.equal(model.weight, torch.zeros(3))
