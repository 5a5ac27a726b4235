import math

import pytest
import torch

from sooner.sampling import Kakurenbo


def informed(losses, progress=0.0, **options):
    """A sampler in a round that has begun after it saw `losses`."""
    sampler = Kakurenbo(len(losses), 2, **options)
    sampler.observe(torch.arange(len(losses)), losses)
    sampler.progress = progress
    next(iter(sampler))
    return sampler


def hidden(sampler):
    return (~sampler.present["kept"]).nonzero().flatten().tolist()


def test_the_lowest_losses_are_hidden_unless_the_model_is_unsure():
    sure, unsure = -math.log(0.71), -math.log(0.69)
    sampler = informed(torch.tensor([3.0, 0.01, unsure, 0.02, sure, 2.0, 4.0, 5.0, 6.0, 7.0]), hidden=0.4)
    assert hidden(sampler) == [1, 3, 4]  # example 2 is among the four lowest, and moves back
    assert sampler.lr_scale == pytest.approx(10 / 7)


@pytest.mark.parametrize(("progress", "count"), [(0, 40), (0.29, 40), (0.3, 32), (0.6, 24), (0.8, 16), (1.0, 16)])
def test_fewer_are_hidden_as_the_run_goes_on(progress, count):
    assert hidden(informed(torch.linspace(0, 0.1, 100), progress, hidden=0.4)) == list(range(count))


def test_what_was_never_seen_is_not_hidden():
    sampler = Kakurenbo(10, 2, hidden=0.9)
    sampler.observe(torch.arange(3), torch.zeros(3))
    next(iter(sampler))
    assert hidden(sampler) == [0, 1, 2]


def test_hidden_examples_come_last_forward_only_and_are_observed_then():
    losses = torch.linspace(0, 0.2, 20)
    sampler = Kakurenbo(20, 4, hidden=0.3)
    sampler.observe(torch.arange(20), losses)
    trained, looked_at = [], []
    for batch in sampler:
        assert sampler.screens(batch) == bool((batch < 6).any())
        assert sampler.weight(batch).tolist() == [float(i >= 6) for i in batch]
        keep, weight = sampler.screen(batch, losses[batch] + 1)
        assert torch.equal(keep, batch >= 6)
        assert weight.tolist() == [1.0] * len(batch)
        trained += batch[keep].tolist()
        looked_at += batch[~keep].tolist()
    assert sorted(trained) == list(range(6, 20))
    assert looked_at == list(range(6))
    torch.testing.assert_close(sampler.scores["loss"], losses + (torch.arange(20) < 6))


def test_bad_options():
    with pytest.raises(ValueError, match="hidden must be at least 0 and below 1, not 1"):
        Kakurenbo(10, 2, hidden=1)
    with pytest.raises(ValueError, match=r"confidence must be at least 0\.5 and at most 1, not 0\.4"):
        Kakurenbo(10, 2, confidence=0.4)
