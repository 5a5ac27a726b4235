import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

from sooner.sampling import InfoBatch

LOSSES = torch.tensor([0.1, 0.2, 0.3, 0.4, 1.0, 4.0])  # mean 1: the first four are below it, and 1.0 is not


def informed(seed=0, losses=LOSSES, **options):
    """A sampler at the start of its second round, after it has seen `losses`."""
    sampler = InfoBatch(len(losses), 2, seed=seed, **options)
    for batch in sampler:
        sampler.observe(batch, losses[batch])
    return sampler


def test_the_first_round_is_all_the_data_at_weight_one():
    sampler = InfoBatch(6, 2)
    assert torch.cat(list(sampler)).sort().values.tolist() == list(range(6))
    assert sampler.weight(torch.arange(6)).tolist() == [1.0] * 6


def test_the_rule_by_hand():
    pruned = 0
    for seed in range(300):
        sampler = informed(seed, prune_ratio=0.75)
        kept = torch.cat(list(sampler))
        assert {4, 5} <= set(kept.tolist())
        assert sampler.weight(kept).tolist() == [1.0 if i >= 4 else 4.0 for i in kept]
        pruned += 6 - len(kept)
    assert pruned == pytest.approx(300 * 4 * 0.75, abs=4 * 15)  # standard deviation 15


def test_the_expected_gradient_is_that_of_the_full_data():
    digits = load_digits()
    inputs, targets = torch.tensor(digits.data[:200] / 16), torch.tensor(digits.target[:200])
    model = torch.nn.Linear(64, 10, dtype=torch.float64)
    torch.nn.init.normal_(model.weight, generator=torch.Generator().manual_seed(0))
    torch.nn.init.zeros_(model.bias)
    logits = model(inputs)
    losses = cross_entropy(logits, targets, reduction="none").detach()
    each = torch.einsum("nc,nd->ncd", logits.softmax(1) - torch.eye(10)[targets], inputs).detach()  # gradients
    full = each.sum(0)
    draws = []
    for seed in range(400):
        sampler = informed(seed, losses.float(), prune_ratio=0.6)
        kept = torch.cat(list(sampler))
        assert len(kept) < 200
        draws.append((each[kept] * sampler.weight(kept).double()[:, None, None]).sum(0))
    stacked = torch.stack(draws)
    error = (stacked.mean(0) - full).norm()
    standard_error = (stacked.var(0).sum() / len(draws)).sqrt()
    assert error < 2 * standard_error
    assert standard_error < 0.05 * full.norm()


@pytest.mark.parametrize("epochs", [30, 50, 90, 100, 200])
def test_the_end_phase_comes_at_any_number_of_epochs(epochs):
    sampler = InfoBatch(60, 10, prune_ratio=0.5)
    losses = torch.arange(60.0)
    for epoch in range(epochs):
        sampler.progress = epoch / epochs
        kept = torch.cat(list(sampler))
        weights = sampler.weight(kept)
        sampler.observe(kept, losses[kept])
        if epoch >= 0.875 * epochs:
            assert len(kept) == 60
            assert (weights == 1).all()
        elif epoch > 0:
            assert len(kept) < 60
            assert set(weights.tolist()) == {1.0, 2.0}


def test_an_example_never_seen_stays_and_is_not_in_the_mean():
    sampler = InfoBatch(7, 2, prune_ratio=0.9)
    sampler.observe(torch.arange(6), LOSSES)
    sampler.set_epoch(1)
    assert {4, 5, 6} <= set(torch.cat(list(sampler)).tolist())
    assert sampler.weight(torch.tensor([6])).tolist() == [1.0]


def test_the_published_code():
    losses = torch.arange(11.0)  # mean 5: five below it, of which int(0.5 * 5) = 2 stay
    kept = [torch.cat(list(informed(seed, losses, faithful_to="code"))) for seed in range(3)]
    assert [sorted(one.tolist()) for one in kept] == [sorted(kept[0].tolist())] * 3  # the same whatever the seed
    assert sorted(kept[0].tolist())[2:] == [5, 6, 7, 8, 9, 10]
    sampler = informed(0, losses, faithful_to="code")
    list(sampler)
    stale = sampler.weight(torch.arange(11))
    sampler.progress = 0.9
    assert len(torch.cat(list(sampler))) == 11
    assert torch.equal(sampler.weight(torch.arange(11)), stale)
    assert stale.max() == 2.0
    unseen = InfoBatch(8, 2, prune_ratio=0.5, faithful_to="code")  # as 3.0, and so below the mean
    unseen.observe(torch.arange(4), torch.full((4,), 9.0))
    unseen.set_epoch(1)
    assert len(torch.cat(list(unseen))) == 4 + 2


def code_for(epochs, delta):
    """Which rounds of so many epochs the published sampler prunes, and whether it then puts the weights back.

    Its counter stands at 1 in the first epoch, since making it has used up 0; it prunes up to epochs x delta.
    """
    counters = range(1, epochs + 1)
    return [counter <= epochs * delta for counter in counters], epochs * delta + 1 in counters


@pytest.mark.parametrize("epochs", [10, 16, 30, 50, 90, 100, 200])
@pytest.mark.parametrize("delta", [0.5, 0.875])
def test_the_published_code_ends_pruning_where_it_does(epochs, delta):
    sampler = InfoBatch(60, 10, prune_ratio=0.5, delta=delta, faithful_to="code")
    losses = torch.arange(60.0)
    pruned, weights = [True], []
    for epoch in range(epochs):
        sampler.progress = epoch / epochs
        kept = torch.cat(list(sampler))
        sampler.observe(kept, losses[kept])
        if epoch > 0:  # in the first nothing is below the mean yet
            pruned.append(len(kept) < 60)
        weights.append(float(sampler.weight(torch.arange(60)).max()))
    expected, put_back = code_for(epochs, delta)
    assert pruned == expected
    assert weights[-1] == (1.0 if put_back else 2.0)


def test_the_published_code_keeps_a_tenth_at_least():
    losses = torch.cat([torch.zeros(100), torch.full((20,), 9.0)])
    for ratio, stay, weight in ((0.95, 10, 10.0), (0.9, 10, 10.0), (0.5, 50, 2.0)):
        sampler = informed(0, losses, prune_ratio=ratio, faithful_to="code")
        kept = torch.cat(list(sampler))
        assert int((kept < 100).sum()) == stay
        assert sampler.weight(kept[kept < 100]).tolist() == [weight] * stay
    sampler = informed(0, losses, prune_ratio=0.95)  # the paper has no such bound
    kept = torch.cat(list(sampler))
    assert sampler.weight(kept[kept < 100]).unique().tolist() == pytest.approx([20.0])


def test_bad_options():
    with pytest.raises(ValueError, match="prune_ratio must be at least 0 and below 1, not 1"):
        InfoBatch(6, 2, prune_ratio=1)
    with pytest.raises(ValueError, match=r"delta must be at least 0 and at most 1, not 1\.5"):
        InfoBatch(6, 2, delta=1.5)
    with pytest.raises(ValueError, match="faithful_to must be one of paper, code, not 'both'"):
        InfoBatch(6, 2, faithful_to="both")
