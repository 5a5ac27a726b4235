import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sooner.sampling import RS2, Reshuffling


def one_round(sampler):
    return torch.cat(list(sampler))


def test_a_pass_is_cut_without_loss_or_doubling():
    """The published code wraps at n + 1: at 0.3 of 50,000 its fourth round has 14,999 examples, 9,999 of them again."""
    sampler = RS2(50_000, 128, fraction=0.3)
    for _ in range(2):
        rounds = [one_round(sampler) for _ in range(4)]
        assert [len(indices) for indices in rounds] == [15_000, 15_000, 15_000, 5_000]
        assert torch.equal(torch.cat(rounds).sort().values, torch.arange(50_000))


@given(n=st.integers(1, 200), fraction=st.floats(0.001, 1), batch_size=st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_a_pass_visits_everything_once_at_any_fraction(n, fraction, batch_size):
    sampler = RS2(n, batch_size, fraction=fraction)
    size = max(1, round(fraction * n))
    full, left = divmod(n, size)
    sizes = [size] * full + [left] * (left > 0)
    if 0 < left < min(batch_size, size):  # too few for a batch: they join the round before
        sizes[-2:] = [size + left]
    rounds = [one_round(sampler) for _ in range(len(sizes))]
    assert [len(indices) for indices in rounds] == sizes
    assert torch.equal(torch.cat(rounds).sort().values, torch.arange(n))


def test_its_passes_are_those_of_reshuffling():
    """So a race of the two on one seed shares the order of the data, and only the rounds differ."""
    rs2, whole = RS2(1000, 50, seed=9, fraction=0.25), Reshuffling(1000, 50, seed=9)
    for _ in range(2):
        assert torch.equal(torch.cat([one_round(rs2) for _ in range(4)]), one_round(whole))


def test_with_replacement_between_rounds_and_never_within():
    sampler = RS2(1000, 64, seed=1, fraction=0.3, variant="with-replacement")
    rounds = [one_round(sampler) for _ in range(200)]
    assert all(len(indices) == len(indices.unique()) == 300 for indices in rounds)
    # After E rounds the published expectation is n (1 - (1 - r)^E) distinct examples; four rounds: 760 of 1000.
    seen = [len(torch.cat(rounds[start : start + 4]).unique()) for start in range(0, 200, 4)]
    assert stats.ttest_1samp(seen, 1000 * (1 - 0.7**4)).pvalue > 1e-6
    # Each example is drawn in Binomial(200, 0.3) rounds; the fixed size of a round takes (1 - r) of the freedom away.
    drawn = torch.bincount(torch.cat(rounds), minlength=1000).double()
    statistic = float(((drawn - 60) ** 2).sum() / (200 * 0.3 * 0.7)) * 999 / 1000
    assert 1e-6 < stats.chi2.sf(statistic, 999) < 1 - 1e-6


def test_stratified_rounds_keep_the_share_of_every_class():
    targets = torch.tensor([7] * 600 + [3] * 300 + [5] * 99 + [0])[torch.randperm(1000, generator=torch.Generator())]
    sampler = RS2(1000, 64, fraction=0.1, variant="stratified", targets=targets)
    rounds = [one_round(sampler) for _ in range(50)]
    for indices in rounds:
        assert len(indices) == len(indices.unique()) == 101
        classes, counts = targets[indices].unique(return_counts=True)
        assert classes.tolist() == [0, 3, 5, 7]
        assert counts.tolist() == [1, 30, 10, 60]  # at least one of the single example of class 0
    # Mixed over classes: class 7 is as often in the first half of a round as in the second.
    first = sum(int((targets[indices[:50]] == 7).sum()) for indices in rounds)
    assert stats.binomtest(first, 50 * 60, 50 / 101).pvalue > 1e-6
    # Independent between rounds: 0.1 of a class of 600 is drawn again in the next round.
    pairs = zip(rounds[::2], rounds[1::2], strict=True)
    again = sum(int(torch.isin(one, other)[targets[one] == 7].sum()) for one, other in pairs)
    assert stats.binomtest(again, 25 * 60, 0.1).pvalue > 1e-6


def test_only_a_stratified_sampler_holds_the_targets():
    targets = torch.zeros(100, dtype=torch.int64)
    assert RS2(100, 10, fraction=0.1, targets=targets) == RS2(100, 10, fraction=0.1)


@pytest.mark.parametrize("variant", ["without-replacement", "with-replacement", "stratified"])
def test_everything_in_every_round(variant):
    sampler = RS2(100, 30, fraction=1.0, variant=variant, targets=torch.arange(100) % 7)
    for _ in range(3):
        assert torch.equal(one_round(sampler).sort().values, torch.arange(100))


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01, float("nan"), "0.1"])
def test_bad_fractions(fraction):
    with pytest.raises(ValueError, match="fraction must be above 0 and at most 1, not"):
        RS2(100, 10, fraction=fraction)


def test_bad_variant_and_targets():
    with pytest.raises(
        ValueError, match="variant must be one of without-replacement, with-replacement, stratified, not"
    ):
        RS2(100, 10, fraction=0.1, variant="stratify")
    with pytest.raises(ValueError, match="needs targets, the class of each of the 100 examples"):
        RS2(100, 10, fraction=0.1, variant="stratified")
    for targets in (torch.zeros(99, dtype=torch.int64), torch.zeros(100), torch.zeros(100, 2, dtype=torch.int64)):
        with pytest.raises(ValueError, match="targets must be 100 whole numbers, one class per example, not torch"):
            RS2(100, 10, fraction=0.1, variant="stratified", targets=targets)


def test_a_last_round_that_cannot_be_run_is_refused_at_once():
    with pytest.raises(ValueError, match="the last of a pass's rounds of 2 has 2 examples, too few for 3 ranks"):
        RS2(100, 10, fraction=0.02).shard(0, 3)
    assert len(RS2(100, 10, fraction=0.04, variant="with-replacement").shard(0, 3)) == 1


def test_drop_last_acts_on_each_round():
    sampler = RS2(100, 8, fraction=0.3, drop_last=True)
    assert [len(one_round(sampler)) for _ in range(4)] == [24, 24, 24, 8]
