import pytest

from sooner.racing import scale
from sooner.results.notices import ScaleDoubted
from sooner.training.evaluation import Evaluation


@pytest.mark.parametrize(
    ("metric", "target", "doubtful"),
    [
        (91.3, 0.93, True),
        (1.5, 1.0, True),
        (100.0, 0.5, True),
        (1.0, 0.93, False),  # reached
        (0.95, 0.93, False),
        (250.0, 0.93, False),  # no percentage
        (-0.4, -0.3, False),  # a loss, raced as its negative
        (2.0, -0.3, False),
        (31.0, 30.0, False),
        (float("inf"), 0.9, False),
    ],
)
def test_a_percentage_for_a_share(metric: float, target: float, doubtful: bool) -> None:
    assert scale.exceeds(metric, target) == doubtful


@pytest.mark.parametrize(
    ("metrics", "target", "doubtful"),
    [
        ([0.1, 0.6, 0.913], 93.0, True),
        ([0.0, 0.47], 93.0, True),  # 47 of 93
        ([0.1, 0.46], 93.0, False),  # 46 of 93: it may be 0.46%
        ([0.5, 1.2], 93.0, False),
        ([0.9, 0.91], 200.0, False),  # a return
        ([-0.9, 0.91], 93.0, False),
        ([0.9, 0.91], 0.93, False),
        ([], 93.0, False),
    ],
)
def test_a_share_for_a_percentage(metrics: list[float], target: float, doubtful: bool) -> None:
    assert scale.falls_short(metrics, target) == doubtful


def test_a_run_is_doubted_for_its_first_percentage_or_its_best_share() -> None:
    def looks(*metrics: float) -> list[Evaluation]:
        return [Evaluation(float(place), place, place, metric) for place, metric in enumerate(metrics)]

    assert scale.doubt("mine", looks(0.5, 40.0, 91.3), 0.93) == ScaleDoubted("mine", 40.0, 0.93)
    assert scale.doubt("mine", looks(0.5, 0.91, 0.9), 93.0) == ScaleDoubted("mine", 0.91, 93.0)
    assert scale.doubt("mine", looks(0.5, 0.91), 0.93) is None
    assert scale.doubt("mine", [], 0.93) is None


def test_a_refusal_is_known_again() -> None:
    assert scale.refused(scale.refusal(91.3, 0.93))
    assert not scale.refused("it exited with status 1")
