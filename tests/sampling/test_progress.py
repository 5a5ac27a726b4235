"""What every sampler driven by progress has in common, on the one with the simplest rounds."""

import pickle

import pytest
import torch

from sooner.sampling import Pacing


def sampler():
    return Pacing(100, 10, seed=1, start=0.2, full_at=1.0)


def test_progress_is_read_once_when_a_round_begins():
    it = sampler()
    assert (it.progress, len(it)) == (0.0, 2)
    it.progress = 0.5
    assert len(it) == 6  # of the round as it would be
    batches = iter(it)
    taken = [next(batches)]
    it.progress = 1.0
    assert (len(it), it.present) == (6, 0.5)
    assert len(taken + list(batches)) == 6
    assert len(it) == 10


@pytest.mark.parametrize(("given", "size"), [(-0.1, 2), (1.3, 10)])
def test_progress_beyond_the_run_is_clipped(given, size):
    it = sampler()
    it.progress = given
    assert len(list(it)) == size


def walk(it, rounds):
    """(indices, state) of every batch; progress moves on with every batch, as in a training loop."""
    while it.epoch < rounds:
        for index in it:
            it.progress = round(it.progress + 0.02, 6)
            yield index.tolist(), it.state_dict()


def test_it_resumes_exactly_though_progress_went_on():
    whole = list(walk(sampler(), 6))
    unbroken = [indices for indices, _ in whole]
    for used, (_, state) in enumerate(whole, 1):
        resumed = sampler()
        resumed.load_state_dict(state)
        again = pickle.loads(pickle.dumps(resumed))
        assert unbroken[:used] + [indices for indices, _ in walk(resumed, 6)] == unbroken
        assert unbroken[:used] + [indices for indices, _ in walk(again, 6)] == unbroken


def test_a_state_that_is_refused_changes_nothing():
    it = sampler()
    it.progress = 0.5
    next(iter(it))
    state = {**sampler().state_dict(), "position": 1000}
    with pytest.raises(ValueError, match="position 1000 of the state is beyond round 0"):
        it.load_state_dict(state)
    assert (it.present, len(it)) == (0.5, 6)
    assert len(torch.cat(list(it))) == 50
