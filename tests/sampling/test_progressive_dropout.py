import math

import pytest
import torch

from sooner.sampling import ProgressiveDropout


def begun(progress=0.0, **options):
    sampler = ProgressiveDropout(100, 10, **options)
    sampler.progress = progress
    return sampler, next(iter(sampler))


def test_by_difficulty_only_the_unsure_are_kept():
    sampler, batch = begun(threshold=0.3)
    assert sampler.screens(batch)
    probability = torch.tensor([0.1, 0.29, 0.31, 0.9])
    keep, weight = sampler.screen(torch.arange(4), -probability.log())
    assert keep.tolist() == [True, True, False, False]
    assert weight.tolist() == [1.0] * 4


def test_schedule_matched_keeps_as_many_at_random():
    losses = torch.tensor([9.0] * 3 + [0.0] * 7)
    times = torch.zeros(10)
    sampler, _ = begun(variant="schedule-matched", threshold=0.5)
    for _ in range(1000):
        keep, _ = sampler.screen(torch.arange(10), losses)
        assert int(keep.sum()) == 3
        times += keep
    torch.testing.assert_close(times / 1000, torch.full((10,), 0.3), rtol=0, atol=0.06)
    again, _ = begun(variant="schedule-matched", threshold=0.5)
    again.load_state_dict(sampler.state_dict())
    for _ in range(3):
        assert torch.equal(again.screen(torch.arange(10), losses)[0], sampler.screen(torch.arange(10), losses)[0])


@pytest.mark.parametrize("variant", ["difficulty", "schedule-matched"])
def test_a_loss_that_is_not_finite_is_kept(variant):
    losses = torch.tensor([torch.nan, 0.0, torch.inf, -torch.inf, *[0.0] * 16])
    for seed in range(20):
        sampler, _ = begun(variant=variant, seed=seed)
        keep, _ = sampler.screen(torch.arange(20), losses)
        assert keep[[0, 2, 3]].all()
        assert int(keep.sum()) <= (3 if variant == "difficulty" else 6)


def test_by_scalar_rounds_shrink_and_nothing_is_looked_at():
    sampler = ProgressiveDropout(100, 10, variant="scalar", decay=0.5)
    sizes = []
    for _ in range(6):
        batches = list(sampler)
        assert not any(sampler.screens(batch) for batch in batches)
        sizes.append(len(set(torch.cat(batches).tolist())))
    assert sizes == [math.ceil(100 * 0.5**t) for t in range(4)] + [10, 10]


@pytest.mark.parametrize("variant", ["difficulty", "schedule-matched", "scalar"])
def test_the_run_ends_on_all_the_data(variant):
    sampler = ProgressiveDropout(100, 10, variant=variant, decay=0.5, revision=0.9)
    sampler.set_epoch(3)
    sampler.progress = 0.9
    batches = list(sampler)
    assert not any(sampler.screens(batch) for batch in batches)
    assert torch.cat(batches).sort().values.tolist() == list(range(100))


def test_bad_options():
    with pytest.raises(ValueError, match="variant must be one of difficulty, scalar, schedule-matched, not 'hard'"):
        ProgressiveDropout(10, 2, variant="hard")
    with pytest.raises(ValueError, match="revision must be at least 0 and at most 1, not 2"):
        ProgressiveDropout(10, 2, revision=2)
