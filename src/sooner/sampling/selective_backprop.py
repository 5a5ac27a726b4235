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
from sooner.sampling._screening import Screening
from sooner.sampling._use import use
from sooner.sampling.reshuffling import pass_over


class SelectiveBackprop(Screening, Sampler):
    """Goes through all data in random order; trains on an example with probability CDF(loss) ** beta.

    CDF is the share of the last `history` losses that are smaller, those of the batch itself among them. On average
    1 / (beta + 1) of the examples are trained on, each with weight 1, so hard examples count for more than in the
    full data: the gradient is biased towards them on purpose.

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
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.beta = number("beta", beta, 0)
        self.history = whole_number("history", history, least=1)
        self.matched = flag("matched", matched)
        self._recent = torch.empty(0)  # the latest losses, oldest first
        self._screened = 0  # batches so far: each has its own draws

    def order(self, epoch: int) -> Order:
        """All examples, in the order that `Reshuffling` of the same seed has. O(1) memory."""
        return pass_over(self.n, self.seed, epoch)

    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """Keep each example with the probability of its loss's rank among the recent ones; all weights are 1."""
        found = losses.detach().to("cpu", torch.float32)
        self._recent = torch.cat([self._recent, found])[-self.history :]
        below = torch.searchsorted(self._recent.sort().values, found)  # how many are smaller
        drawn = generator(self.seed, "selective", self._screened, self.rank)
        draws = torch.rand(len(found), generator=drawn)
        self._screened += 1
        keep = draws < (below / len(self._recent)) ** self.beta
        if self.matched:
            keep = keep[torch.randperm(len(keep), generator=drawn)]
        return keep.to(losses.device), torch.ones(len(found), device=losses.device)

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
        changes="Every batch is passed forward first, and only examples with a high loss are trained on.",
        costs="A forward pass over all candidates, about a third of a step; a few KiB.",
        helps="Where the backward pass is most of the cost and much of the data is learned early.",
        hurts="Under label noise; and where the forward pass eats what the spared backward pass saves.",
        scored=True,
        control=lambda options: matched("selective-backprop", options),
        example=MappingProxyType({"beta": 1.0}),
        use=use(screen=True),
    )
)
