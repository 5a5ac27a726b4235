import pytest
import torch

from sooner.batching._spread import Spread
from sooner.random import generator


def spread(gradients, sizes, coordinates=False):
    made = Spread(coordinates)
    for gradient, examples in zip(gradients, sizes, strict=True):
        made.add(torch.tensor(gradient), examples)
    return made.estimate()


def test_single_examples_by_hand():
    # Mean (2, 2); away by (-1, -1), (1, -1), (0, 2): squares sum to 2 and 6, over 3 - 1.
    gradients = [[1.0, 1.0], [3.0, 1.0], [2.0, 4.0]]
    summed, each = spread(gradients, [1, 1, 1]), spread(gradients, [1, 1, 1], coordinates=True)
    assert summed.gradient.tolist() == [2.0, 2.0]
    assert (summed.parts, summed.examples) == (3, 3)
    assert float(summed.variance) == pytest.approx(4.0)
    assert each.variance.tolist() == pytest.approx([1.0, 3.0])


def test_micro_batches_of_different_sizes_by_hand():
    # Mean (1*4 + 3*0) / 4 = 1; 1 * 3^2 + 3 * 1^2 = 12, over 2 - 1.
    found = spread([[4.0], [0.0]], [1, 3])
    assert found.gradient.tolist() == [1.0]
    assert float(found.variance) == pytest.approx(12.0)
    assert found.examples == 4


def test_equal_micro_batches_give_the_variance_of_their_means():
    means = torch.randn(6, 50, generator=generator(0, "means"))
    found = spread(means.tolist(), [5] * 6)
    torch.testing.assert_close(found.variance / found.examples, means.var(0).sum() / 6)


@pytest.mark.parametrize("sizes", [[1] * 12, [3] * 4, [2, 6], [1, 2, 4, 5]], ids=str)
def test_the_estimate_is_unbiased(sizes):
    """Examples with variances 1, 4 and 9: the mean over 20,000 draws is within 4 standard errors."""
    draws, deviations = 20_000, torch.tensor([1.0, 2.0, 3.0])
    examples = 5.0 + deviations * torch.randn(sum(sizes), draws, 3, generator=generator(1, "examples"))
    made = Spread(coordinates=True)  # which keeps the draws apart
    for part in examples.split(sizes):
        made.add(part.mean(0).flatten(), len(part))
    found = made.estimate().variance.view(draws, 3)
    error = found.std(0) / draws**0.5
    assert ((found.mean(0) - deviations.square()).abs() < 4 * error).all()
    assert (error < 0.02 * deviations.square()).all()


def test_one_part_has_no_variance():
    assert spread([[1.0, 2.0]], [8]) is None


def test_a_part_without_examples_counts_for_nothing():
    assert spread([[4.0], [99.0], [0.0]], [1, 0, 3]) == spread([[4.0], [0.0]], [1, 3])
    assert spread([[4.0], [9.0]], [1, 0]) is None


def test_a_large_common_part_does_not_drown_the_variance():
    found = spread([[4096.0], [4097.0], [4098.0]], [1, 1, 1])
    assert float(found.variance) == pytest.approx(1.0)


def test_half_precision_is_summed_in_full():
    made = Spread(False)
    for value in (1.0, 2.0, 3.0):
        made.add(torch.full((4,), value, dtype=torch.bfloat16), 1)
    assert made.estimate().gradient.dtype == torch.float32
    assert float(made.estimate().variance) == pytest.approx(4.0)


def test_nothing_observed_and_unequal_lengths_are_said():
    with pytest.raises(RuntimeError, match=r"where `parts` is not 0, pass the gradient of each micro-batch to observe"):
        Spread(False).estimate()
    with pytest.raises(ValueError, match="gradients of 1 and 2 numbers"):
        spread([[1.0], [1.0, 2.0]], [1, 1])
