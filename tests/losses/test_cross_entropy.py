import math

import pytest
import torch

from sooner.losses import CrossEntropy

OUTPUTS, TARGETS, INDEX = torch.tensor([[math.log(2), 0.0, 0.0]]), torch.tensor([0]), torch.tensor([0])


def test_by_hand():
    """The softmax of (log 2, 0, 0) is (1/2, 1/4, 1/4)."""
    assert float(CrossEntropy()(OUTPUTS, TARGETS, INDEX)) == pytest.approx(math.log(2))


def test_smoothing_by_hand():
    """0.3 spread over 3 classes leaves (0.8, 0.1, 0.1)."""
    expected = 0.8 * math.log(2) + 0.2 * math.log(4)
    assert float(CrossEntropy(0.3)(OUTPUTS, TARGETS, INDEX)) == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [-0.1, 1.0, "much"])
def test_smoothing_out_of_range(wrong):
    with pytest.raises(ValueError, match=f"label_smoothing must be at least 0 and below 1, not {wrong!r}"):
        CrossEntropy(wrong)


def test_ignored_examples_are_those_of_torch():
    outputs = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 3, -100, 1, -100, 2])
    losses = CrossEntropy(0.1)(outputs, targets, torch.arange(6))
    expected = torch.nn.functional.cross_entropy(outputs, targets, label_smoothing=0.1)
    torch.testing.assert_close(losses.sum() / (targets != -100).sum(), expected)
