import pytest
import torch

from sooner.sampling import UCB


def test_mean_and_variance_by_hand():
    sampler = UCB(2, 1, fraction=0.5, alpha=0.5)
    for loss in (4.0, 8.0, 2.0):
        sampler.observe(torch.tensor([1]), torch.tensor([loss]))
    # first: m=4, v=0; then v = 0.5*0 + 0.5*(8-4)^2 = 8, m = 6; then v = 4 + 0.5*(2-6)^2 = 12, m = 4
    assert sampler.scores["mean"][1] == pytest.approx(4.0)
    assert sampler.scores["variance"][1] == pytest.approx(12.0)
    assert sampler.scores["variance"][0] == 0.0


def test_confidence_weighs_the_variance():
    def kept(confidence):
        sampler = UCB(3, 1, fraction=1 / 3, confidence=confidence, alpha=0.5)
        for losses in ([3.0, 1.0, 2.0], [3.0, 3.0, 2.0]):  # means 3, 2, 2; variances 0, 2, 0
            sampler.observe(torch.arange(3), torch.tensor(losses))
        return torch.cat(list(sampler)).tolist()

    assert kept(0.25) == [0]  # 3 against 2.5
    assert kept(1.0) == [1]  # 3 against 4


def test_the_first_rounds_walk_through_the_data():
    sampler = UCB(90, 10, fraction=1 / 3)
    seen = []
    for _ in range(3):
        for batch in sampler:
            sampler.observe(batch, torch.ones(len(batch)))
            seen += batch.tolist()
    assert sorted(seen) == list(range(90))


def test_bad_options():
    with pytest.raises(ValueError, match="confidence must be at least 0, not -1"):
        UCB(6, 2, fraction=0.5, confidence=-1)
    with pytest.raises(ValueError, match="alpha must be above 0 and at most 1, not 0"):
        UCB(6, 2, fraction=0.5, alpha=0)
