import pytest
import torch

from sooner.sampling import EpsilonGreedy


def test_the_moving_average_by_hand():
    sampler = EpsilonGreedy(3, 1, fraction=0.5, alpha=0.25)
    for loss in (4.0, 8.0, 0.0):
        sampler.observe(torch.tensor([1]), torch.tensor([loss]))
    assert sampler.scores["mean"][1] == pytest.approx(0.75 * (0.75 * 4 + 0.25 * 8) + 0.25 * 0)
    assert sampler.scores["mean"].isnan().tolist() == [True, False, True]


def test_the_hardest_stay_and_epsilon_of_the_kept_are_others():
    losses = torch.arange(100.0)
    others = set()
    for seed in range(200):
        sampler = EpsilonGreedy(100, 10, seed=seed, fraction=0.5, epsilon=0.3)
        sampler.observe(torch.arange(100), losses)
        kept = torch.cat(list(sampler))
        assert len(set(kept.tolist())) == 50
        assert set(range(65, 100)) <= set(kept.tolist())
        others |= set(kept[kept < 65].tolist())
    assert others == set(range(65))


def test_without_epsilon_it_is_greedy():
    sampler = EpsilonGreedy(10, 2, fraction=0.3, epsilon=0)
    sampler.observe(torch.arange(10), torch.tensor([5.0, 1, 9, 2, 8, 3, 7, 4, 6, 0]))
    assert torch.cat(list(sampler)).sort().values.tolist() == [2, 4, 6]


def test_the_first_rounds_walk_through_the_data():
    sampler = EpsilonGreedy(100, 10, fraction=0.25, epsilon=0)
    seen = []
    for _ in range(4):
        for batch in sampler:
            sampler.observe(batch, torch.rand(len(batch), generator=torch.Generator().manual_seed(0)))
            seen += batch.tolist()
    assert sorted(seen) == list(range(100))
