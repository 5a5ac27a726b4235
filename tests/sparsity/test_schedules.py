import pytest

from sooner.sparsity.schedules import cosine, cubic


def test_the_cubic_by_hand():
    # From 1 to 0.1 between 0.2 and 0.6: half of the way left leaves 0.5^3 = 1/8 of the difference.
    assert [cubic(p, 0.2, 0.6, 1.0, 0.1) for p in (0.0, 0.2)] == [1.0, 1.0]
    assert cubic(0.4, 0.2, 0.6, 1.0, 0.1) == pytest.approx(0.1 + 0.9 / 8)
    assert cubic(0.5, 0.2, 0.6, 1.0, 0.1) == pytest.approx(0.1 + 0.9 / 64)
    assert [cubic(p, 0.2, 0.6, 1.0, 0.1) for p in (0.6, 1.0)] == [0.1, 0.1]


def test_the_cosine_by_hand():
    assert [cosine(p, 0.75, 0.3) for p in (0.0, 0.25, 0.375, 0.5)] == pytest.approx([0.3, 0.225, 0.15, 0.075])
    assert [cosine(p, 0.75, 0.3) for p in (0.75, 1.0)] == [0.0, 0.0]
