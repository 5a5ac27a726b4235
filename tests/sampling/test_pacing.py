import math

import pytest
import torch

from sooner.sampling import Pacing
from sooner.sampling.pacing import paced


@pytest.mark.parametrize(
    ("shape", "half", "late"),
    [
        ("linear", 0.5, 1),
        ("quadratic", 0.25, 1),
        ("root", 0.70711, 1),
        ("step", 0, 1),
        ("exponential", 0.0066929, 1),  # (e^5 - 1) / (e^10 - 1)
        ("logarithmic", 0.93069, 1),  # 1 + ln(1/2 + e^-10) / 10
    ],
)
def test_the_six_families(shape, half, late):
    assert paced(shape, 0) == pytest.approx(0, abs=1e-12)
    assert paced(shape, 0.5) == pytest.approx(half, rel=1e-4)
    assert paced(shape, 1.0) == pytest.approx(1, abs=1e-5)
    assert paced(shape, 7.0) == late
    values = [paced(shape, step / 50) for step in range(100)]
    assert values == sorted(values)


def part(sampler, progress):
    sampler.progress = progress
    return torch.cat(list(sampler))


def test_the_easiest_come_first():
    scores = torch.tensor([0.5, 0.1, 0.9, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6, 0.0])
    easy = Pacing(10, 2, start=0.2, full_at=0.8, scores=scores)
    hard = Pacing(10, 2, start=0.2, full_at=0.8, scores=scores, hard_first=True)
    # g = 0.2 + 0.8 * 0.4 / 0.8 = 0.6 of the examples at progress 0.4.
    assert [sorted(part(easy, at).tolist()) for at in (0, 0.4, 0.8)] == [[1, 9], [0, 1, 3, 5, 7, 9], list(range(10))]
    assert [sorted(part(hard, at).tolist()) for at in (0, 0.4, 1)] == [[2, 6], [0, 2, 4, 6, 7, 8], list(range(10))]


def test_stratified_takes_each_class_by_its_share():
    targets = torch.tensor([3] * 60 + [1] * 30 + [2] * 10)
    scores = targets * 1000 + torch.arange(100)  # by itself this would take class 1 alone
    sampler = Pacing(100, 5, start=0.2, stratified=True, scores=scores, targets=targets)
    assert sorted(part(sampler, 0).tolist()) == [*range(12), *range(60, 66), 90, 91]


def test_without_scores_the_ranking_is_random_and_the_parts_are_nested():
    sampler = Pacing(1000, 10, start=0.1, seed=4)
    parts = [set(part(sampler, at).tolist()) for at in (0, 0.2, 0.5, 0.9)]
    assert [len(each) for each in parts] == [100, math.floor(0.325 * 1000), 662, 1000]
    assert parts[0] < parts[1] < parts[2] < parts[3]
    assert 30 < sum(index < 500 for index in parts[0]) < 70
    assert parts[0] != set(part(Pacing(1000, 10, start=0.1, seed=5), 0).tolist())


def test_ties_are_broken_at_random():
    sampler = Pacing(1000, 10, start=0.5, scores=torch.zeros(1000))
    assert 200 < int((part(sampler, 0) < 500).sum()) < 300


def test_rounds_of_one_part_are_in_fresh_order_and_hold_a_batch():
    sampler = Pacing(1000, 128, start=0.001, drop_last=True)
    first, second = torch.cat(list(sampler)), torch.cat(list(sampler))
    assert len(first) == 128
    assert torch.equal(first.sort().values, second.sort().values)
    assert not torch.equal(first, second)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"pacing must be one of linear, quadratic, .*, not 'cubic'"):
        Pacing(10, 2, pacing="cubic")
    with pytest.raises(ValueError, match=r"full_at must be at least 0\.001, not 0"):
        Pacing(10, 2, full_at=0)
    with pytest.raises(ValueError, match="scores must be 10 finite numbers, one per example; example 3 has inf"):
        Pacing(10, 2, scores=torch.tensor([0, 0, 0, float("inf"), 0, 0, 0, 0, 0, 0]))
    with pytest.raises(ValueError, match="needs targets"):
        Pacing(10, 2, stratified=True)
