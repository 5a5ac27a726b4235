"""What methods that choose by score are held against: themselves, with as many random examples."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor

from sooner import registry
from sooner.sampling import IES, HardBatches, InfoBatch, Kakurenbo, ProgressiveDropout, SelectiveBackprop, SeTa
from sooner.sampling._scored import Scored

N, BATCH = 600, 20
# By the code InfoBatch keeps exactly half of the well-learned; in the paper each has its own draw.
METHODS: list[tuple[type[Scored], dict[str, Any]]] = [
    (IES, {"threshold": 0.01}),
    (Kakurenbo, {"hidden": 0.3, "confidence": 0.5}),
    (InfoBatch, {"faithful_to": "code"}),
    (SeTa, {"groups": 4, "window": 0.5}),
    (HardBatches, {"fraction": 0.3}),
]
SETTLED = torch.arange(N) < 240  # low losses, which no longer change


def losses(epoch: int) -> Tensor:
    """(N,) the first 240 settled and low, the others high and bending."""
    return torch.where(SETTLED, 0.01, 2.0 + (epoch % 2) + torch.arange(N) / N)


def told(method: type[Scored], options: dict[str, Any], world: int = 1, **more: Any) -> list[Scored]:
    """The sampler of each rank after three rounds, of which each rank saw its own part."""
    ranks = [method(N, BATCH, seed=5, **options, **more).shard(rank, world) for rank in range(world)]
    for epoch in range(3):
        index = torch.arange(N)
        for rank, sampler in enumerate(ranks):
            sampler.observe(index[rank::world], losses(epoch)[rank::world])
        if world > 1:
            seen = [sampler.scores.observed() for sampler in ranks]
            for sampler in ranks:
                sampler.scores.merge(seen)
        for sampler in ranks:
            sampler.set_epoch(epoch + 1)
            next(iter(sampler))
    return ranks


def chosen(sampler: Scored) -> Tensor:
    """(N,) whether the present round trains on it."""
    present = sampler.present
    assert present is not None
    if "kept" in present:
        return present["kept"]
    mine = torch.zeros(N, dtype=torch.bool)
    mine[sampler.arrange(3, present)[0:N]] = True
    return mine


@pytest.mark.parametrize(("method", "options"), METHODS, ids=lambda each: getattr(each, "__name__", ""))
def test_matched_takes_as_many_and_others(method: type[Scored], options: dict[str, Any]) -> None:
    own = chosen(told(method, options)[0])
    random = chosen(told(method, options, matched=True)[0])
    assert 0 < int(own.sum()) == int(random.sum()) < N
    # By score hardly any settled example is trained on, or (SeTa's window of the easy ones) hardly any other.
    share = float((own & SETTLED).sum() / own.sum())
    assert abs(share - 0.4) > 0.12
    assert float((random & SETTLED).sum() / random.sum()) == pytest.approx(0.4, abs=0.12)


@pytest.mark.parametrize(("method", "options"), METHODS, ids=lambda each: getattr(each, "__name__", ""))
def test_matched_is_the_same_on_all_ranks_and_after_a_resume(method: type[Scored], options: dict[str, Any]) -> None:
    alone, (one, two) = told(method, options, matched=True)[0], told(method, options, world=2, matched=True)
    assert torch.equal(chosen(one), chosen(two))
    assert torch.equal(chosen(one), chosen(alone))
    resumed = method(N, BATCH, seed=5, **options, matched=True)
    resumed.load_state_dict(alone.state_dict())
    index = torch.arange(N)
    for sampler in (alone, resumed):
        assert len(list(sampler)) > 0
        sampler.observe(index, losses(3))
    assert torch.equal(torch.cat(list(alone)), torch.cat(list(resumed)))


def test_weights_and_rates_are_the_methods() -> None:
    own, random = (told(InfoBatch, {"faithful_to": "code"}, matched=matched)[0] for matched in (False, True))
    index = torch.arange(N)
    totals = [float(each.weight(index[chosen(each)]).sum()) for each in (own, random)]
    assert totals == [N, N]  # of the 240, 120 stay at weight 2
    rates = [told(Kakurenbo, {}, matched=matched)[0].lr_scale for matched in (False, True)]
    assert rates == [N / (N - 180)] * 2


@pytest.mark.parametrize(
    ("method", "options", "matched"),
    [
        (SelectiveBackprop, {"warmup": 0}, {"matched": True}),
        (ProgressiveDropout, {}, {"variant": "schedule-matched"}),
    ],
)
def test_matched_takes_as_many_of_a_batch_where_losses_are_not_finite(
    method: Any, options: dict[str, Any], matched: dict[str, Any]
) -> None:
    found = torch.rand(32, generator=torch.Generator().manual_seed(0)) * 3
    found[:8] = torch.nan
    for seed in range(20):
        counts = []
        for more in ({}, matched):
            sampler = method(32, 32, seed=seed, **options, **more)
            (batch,) = sampler
            keep, _ = sampler.screen(batch, found)
            assert keep[:8].all()
            counts.append(int(keep.sum()))
        assert counts[0] == counts[1]


def test_every_method_with_the_option_has_it_for_its_control() -> None:
    for method in registry.methods(seam="sampling"):
        if "matched" in inspect.signature(method.make).parameters:
            assert method.control is not None
            options = dict(method.example)
            assert method.control(options) == {"name": method.name, **options, "matched": True}
