import pytest
import torch
from torch import Tensor, nn

from sooner.batch import Batch
from sooner.training.accuracy import accuracy


class Echo(nn.Module):
    """Gives its inputs out as logits, and remembers the mode it was asked in."""

    def __init__(self) -> None:
        super().__init__()
        self.modes: list[bool] = []

    def forward(self, inputs: Tensor) -> Tensor:
        self.modes.append(self.training)
        return inputs


def batch(logits: list[list[float]], targets: list[int]) -> Batch:
    n = len(targets)
    return Batch(torch.tensor(logits), torch.tensor(targets), torch.arange(n), torch.ones(n))


def test_accuracy_counts_examples_not_batches() -> None:
    batches = [batch([[1, 0], [1, 0], [0, 1]], [0, 1, 1]), batch([[0, 1]], [0])]
    assert accuracy(Echo(), batches) == 2 / 4


def test_the_model_is_asked_in_evaluation_mode_and_left_as_it_was() -> None:
    model = Echo().train()
    accuracy(model, [batch([[1, 0]], [0])])
    assert model.modes == [False]
    assert model.training
    model.eval()
    accuracy(model, [batch([[1, 0]], [0])])
    assert not model.training


def test_no_examples_is_an_error() -> None:
    with pytest.raises(ValueError, match="no example"):
        accuracy(Echo(), [])
