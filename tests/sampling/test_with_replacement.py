import torch
from scipy import stats

from sooner.sampling import WithReplacement


def test_independent_uniform_draws():
    sampler = WithReplacement(1000, 64, seed=3)
    rounds = [torch.cat(list(sampler)) for _ in range(100)]
    assert all(len(indices) == 1000 for indices in rounds)
    assert stats.chisquare(torch.bincount(torch.cat(rounds), minlength=1000)).pvalue > 1e-6
    # n (1 - (1 - 1/n)^n) = 632.3 distinct ones in a round, with standard deviation sqrt(n (e - 2)) / e = 9.9.
    seen = [len(indices.unique()) for indices in rounds]
    assert abs(sum(seen) / 100 - 632.3) < 5 * 0.99
    assert not torch.equal(rounds[0], rounds[1])


def test_a_billion():
    sampler = WithReplacement(10**9, 1024)
    sampler.load_state_dict({**sampler.state_dict(), "position": 999_999_488})
    assert [len(batch) for batch in sampler] == [512]
