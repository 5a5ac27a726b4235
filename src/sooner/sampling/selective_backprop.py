"""Selective backprop: forward for every example, backward for those whose loss is high among the recent ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from sooner._arguments import flag, number, whole_number
from sooner.random import generator
from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling._control import matched
from sooner.sampling._screening import Screening, shuffled
from sooner.sampling._use import use
from sooner.sampling.reshuffling import pass_over


class SelectiveBackprop(Screening, Sampler):
    """Goes through all data in random order; trains on an example with probability CDF(loss) ** beta.

    CDF is the share of the last `history` losses that are smaller, those of the batch itself among them. On average
    1 / (beta + 1) of the examples are trained on, each with weight 1, so hard examples count for more than in the
    full data: the gradient is biased towards them on purpose. The first `warmup` rounds train on everything and look at
    nothing, as the published code does in its first epoch.

    Each loss takes up 1 / history of the distribution, and equal ones share what they take up together: all are kept
    with the mean of u ** beta over it. So where all losses are equal, at zeroed outputs say, 1 / (beta + 1) of the
    examples are kept at random. (The published code counts strictly smaller losses and would then train on nothing for
    ever; a CDF by the book counts equal ones too and would train on everything. This lies between the two, and
    close to both where no losses are equal.) A loss that is not finite is always kept, so that a divergence shows.

    A step trains on the kept part of its candidates, so give `batch_size` the number of candidates; the published code
    gathers what is kept until a batch is full. Each process keeps its own history. Without screening, in a loop that
    knows nothing of it, this is plain reshuffling: see `Screening`.

    Source: Jiang, Wong, Zhou, Andersen, Dean, Ganger, Joshi, Kaminsky, Kozuch, Lipton and Pillai, Accelerating Deep
    Learning by Focusing on the Biggest Losers, 2019.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        beta: selectivity, at least 0; at 0 everything is trained on.
        history: recent losses to compare with, at least 1.
        matched: keep as many of each batch as the method would, but random ones: what it gains by choosing them is the
            difference between the two.
        warmup: rounds at the start without selection, at least 0.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        beta: float = 1.0,
        history: int = 1024,
        matched: bool = False,
        warmup: int = 1,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.beta = number("beta", beta, 0)
        self.history = whole_number("history", history, least=1)
        self.warmup = whole_number("warmup", warmup, least=0)
        self.matched = flag("matched", matched)
        self._recent = torch.empty(0)  # the latest finite losses, oldest first
        self._screened = 0  # batches so far: each has its own draws

    def order(self, epoch: int) -> Order:
        """All examples, in the order that `Reshuffling` of the same seed has. O(1) memory."""
        return pass_over(self.n, self.seed, epoch)

    def screens(self, index: Tensor) -> bool:
        """Whether the round that training is in is one of selection: all are but the first `warmup`."""
        epoch = self.epoch if self._began is None else self._began[0]
        return epoch >= self.warmup

    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """Keep each example with the probability of its loss's rank among the recent ones; all weights are 1."""
        values = losses.detach().to("cpu", torch.float32)
        finite = values.isfinite()
        self._recent = torch.cat([self._recent, values[finite]])[-self.history :]
        drawn = generator(self.seed, "selective", self._screened, self.rank)
        draws = torch.rand(len(values), generator=drawn)
        self._screened += 1
        keep = ~finite
        keep[finite] = draws[finite] < self._probability(values[finite])
        if self.matched:
            keep = shuffled(keep, finite, drawn)
        return keep.to(losses.device), torch.ones(len(values), device=losses.device)

    @property
    def _told(self) -> int | None:
        return self._screened if self.screens(torch.empty(0, dtype=torch.int64)) else None

    def _probability(self, losses: Tensor) -> Tensor:
        """(B,) the mean of u ** beta over the part of [0, 1] that each of `losses` takes up among the recent ones."""
        ranked, count = self._recent.sort().values, max(1, len(self._recent))
        below = torch.searchsorted(ranked, losses, side="left").double() / count
        # A batch longer than the history has losses that are in it no more; they take up the place of one.
        up_to = (torch.searchsorted(ranked, losses, side="right").double() / count).maximum(below + 1 / count)
        power = self.beta + 1
        return (up_to**power - below**power) / (power * (up_to - below))

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """As every sampler's, with the recent losses, (history,) float32, and the number of batches screened."""
        own = {"recent": self._recent.clone(), "screened": self._screened}
        return {**super().state_dict(consumed), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As every sampler's."""
        super().load_state_dict(state)
        self._recent, self._screened = state["recent"].clone(), int(state["screened"])


register(
    Method(
        name="selective-backprop",
        seam="sampling",
        make=SelectiveBackprop,
        title="Selective backprop",
        paper="Jiang et al., Accelerating Deep Learning by Focusing on the Biggest Losers",
        year=2019,
        changes="After a first round on all data only examples of high loss are trained on, found by a forward pass.",
        costs="A forward pass over all candidates, about a third of a step; a few KiB.",
        helps="Where the backward pass is most of the cost and much of the data is learned early.",
        hurts="Under label noise; and where the forward pass eats what the spared backward pass saves.",
        scored=True,
        control=lambda options: matched("selective-backprop", options),
        example=MappingProxyType({"beta": 1.0}),
        use=use(screen=True),
    )
)
