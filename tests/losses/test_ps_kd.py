import math

import pytest
import torch

from sooner.losses import PSKD, CrossEntropy

INDEX, FIRST = torch.tensor([1, 3]), torch.tensor([0, 0])
EVEN = torch.zeros(2, 2)
SURE = torch.tensor([[math.log(3), 0.0], [0.0, math.log(3)]])  # softmax (3/4, 1/4) and (1/4, 3/4)


def test_the_first_visit_is_cross_entropy_at_any_progress():
    for progress in (0.0, 0.7):
        loss = PSKD(4, 2)
        loss.progress = progress
        assert torch.equal(loss(SURE, FIRST, INDEX), CrossEntropy()(SURE, FIRST, INDEX))


def test_two_passes_by_hand():
    """alpha 0.8 at half of the run: targets 0.6 one-hot + 0.4 of the first pass's predictions."""
    loss = PSKD(4, 2, alpha=0.8)
    loss(SURE, FIRST, INDEX)
    loss.progress = 0.5
    found = loss(EVEN, FIRST, INDEX.flip(0))
    assert found.tolist() == pytest.approx([math.log(2)] * 2)  # of even predictions, whatever the target
    assert loss.scores["prediction"][INDEX].tolist() == [[0.5, 0.5]] * 2

    loss = PSKD(4, 2, alpha=0.8)
    loss(SURE, FIRST, INDEX)
    loss.progress = 0.5
    outputs = SURE.clone().requires_grad_()
    found = loss(outputs, FIRST, INDEX.flip(0))  # example 3 first, of which (1/4, 3/4) is remembered
    targets = torch.tensor([[0.6 + 0.4 * 0.25, 0.4 * 0.75], [0.6 + 0.4 * 0.75, 0.4 * 0.25]])
    expected = [-targets[0] @ torch.tensor([0.75, 0.25]).log(), -targets[1] @ torch.tensor([0.25, 0.75]).log()]
    assert found.tolist() == pytest.approx([float(each) for each in expected])
    found.sum().backward()
    torch.testing.assert_close(outputs.grad, SURE.softmax(1) - targets)


def test_at_no_progress_it_is_cross_entropy_forever():
    loss = PSKD(4, 2)
    for outputs in (SURE, EVEN, SURE):
        assert torch.equal(loss(outputs, FIRST, INDEX), CrossEntropy()(outputs, FIRST, INDEX))


def test_with_even_predictions_it_is_label_smoothing():
    loss = PSKD(4, 2, alpha=0.4)
    loss(EVEN, FIRST, INDEX)
    loss.progress = 0.5
    torch.testing.assert_close(loss(SURE, FIRST, INDEX), CrossEntropy(0.2)(SURE, FIRST, INDEX))


def test_only_the_examples_of_a_batch_are_remembered():
    loss = PSKD(4, 2)
    loss(SURE, FIRST, INDEX)
    assert loss.scores["prediction"].isnan().all(1).tolist() == [True, False, True, False]


def test_options_out_of_range():
    with pytest.raises(ValueError, match=r"alpha must be at least 0 and at most 1, not 1\.5"):
        PSKD(4, 2, alpha=1.5)
    with pytest.raises(ValueError, match="progress must be at least 0 and at most 1, not 2"):
        PSKD(4, 2).progress = 2
