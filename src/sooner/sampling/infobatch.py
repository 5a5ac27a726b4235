"""InfoBatch: prune well-learned examples at random, and give those that stay the weight of those that went."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, get_args

import torch
from torch import Tensor

from sooner._arguments import number, one_of
from sooner.random import derive, generator
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._control import random_data
from sooner.sampling._ranking import random_part
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._use import use

FaithfulTo = Literal["paper", "code"]

_CODE_START = 3.0  # the loss of an example never seen, in the published code
_CODE_KEEPS = 0.1  # the least share of the well-learned that it keeps
_ROUNDING = 1e-9  # of progress, a ratio of counts


class InfoBatch(Scored):
    """Every round leaves out a random part of the examples whose loss is below the mean, and reweights their kind.

    An example whose latest loss is below the mean of all is left out with probability `prune_ratio` r, and weighs
    1 / (1 - r) where it stays; the others always stay, with weight 1. So the
    expected sum of the weighted gradients over a round is that of the full data. Once `delta` of the run is spent
    nothing is pruned any more and all weights are 1. An example never seen stays, and is not counted in the mean.

    Set `progress` before each round (the training loop here does), or the end phase never comes. Rounds get shorter:
    let the schedule follow the examples seen.

    The published code departs from the paper in ways that change results; `faithful_to="code"` reproduces them. With
    q = max(1 - r, 0.1), exactly int(q k) of the k well-learned examples stay, with weight 1 / q, which is biased where
    q k is no whole number. An example never seen counts as one with loss 3. The draws are the same for every seed. The
    last round that is pruned is the last that ends before delta of the run is spent or as it is, where the paper's
    begins before that: of 30 epochs the code prunes 26, the paper 27, of 200 both prune 175. The end phase keeps the
    last pruned round's weights unless it begins at delta exactly: at 30, 50, 90 or 100 epochs; at 200 they are reset.
    The length of a round is taken to be that of those before, `progress` / epoch.

    Source: Qin, Wang, Zheng, Gu, Peng, Xu, Zhou, Shang, Sun, Xie and You, InfoBatch: Lossless Training Speed Up by
    Unbiased Dynamic Data Pruning, ICLR 2024.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        prune_ratio: r, at least 0 and below 1.
        delta: share of the run after which nothing is pruned, 0 to 1.
        faithful_to: "paper" or "code".
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        prune_ratio: float = 0.5,
        delta: float = 0.875,
        faithful_to: FaithfulTo = "paper",
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        one_of("faithful_to", faithful_to, get_args(FaithfulTo))
        self.prune_ratio = number("prune_ratio", prune_ratio, 0, 1, below=True)
        self.delta = number("delta", delta, 0, 1)
        self.faithful_to = faithful_to

    def decide(self, epoch: int) -> Decision:
        """Which examples stay ("kept"), and which weigh 1 / (1 - r) ("raised"): (n,) bool each. O(n)."""
        code = self.faithful_to == "code"
        if self._ends_pruning(epoch):
            stale = self.present if code and abs(self.progress - self.delta) > _ROUNDING else None
            return {"kept": ~_none(self.n), "raised": _none(self.n) if stale is None else stale["raised"]}
        learned = self._well_learned()
        if code:
            stay = random_part(learned, int(self._keep * int(learned.sum())), derive(0, "infobatch", epoch))
        else:
            stay = learned & (
                torch.rand(self.n, generator=generator(self.seed, "infobatch", epoch)) >= self.prune_ratio
            )
        kept = ~learned | stay
        return {"kept": kept, "raised": stay}

    @property
    def _keep(self) -> float:
        """The share of the well-learned examples that stays, whose inverse is their weight."""
        keep = 1 - self.prune_ratio
        return max(keep, _CODE_KEEPS) if self.faithful_to == "code" else keep

    def _ends_pruning(self, epoch: int) -> bool:
        if self.faithful_to == "paper" or epoch == 0:
            return self.progress >= self.delta
        return self.progress * (epoch + 1) / epoch > self.delta + _ROUNDING  # where this round would end

    def _well_learned(self) -> Tensor:
        loss = self.scores["loss"]
        if self.faithful_to == "code":
            loss = loss.nan_to_num(nan=_CODE_START)
        return loss < loss.nanmean(dtype=torch.float64)

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The kept examples in the round's random order. 8 bytes per example kept."""
        return self.shuffled(decision["kept"], epoch)

    def weight(self, index: Tensor) -> Tensor:
        """1 / (1 - r), by the code 1 / q, where the present round pruned the example's kind, else 1; (B,) float32."""
        if self.present is None:
            return super().weight(index)
        raised = self.present["raised"][index.cpu()]
        return torch.where(raised, 1 / self._keep, 1.0).to(index.device, torch.float32)


def _none(n: int) -> Tensor:
    return torch.zeros(n, dtype=torch.bool)


register(
    Method(
        name="infobatch",
        seam="sampling",
        make=InfoBatch,
        title="InfoBatch",
        paper="Qin et al., InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data Pruning",
        year=2024,
        changes="Rounds leave out a random part of the examples with small loss and weigh the rest of them up.",
        costs="Some 40 microseconds per step, O(n) per round; 4 bytes per example, and 9 more in a round.",
        helps="Long runs on data that is mostly learned early: the gradient stays unbiased at fewer steps.",
        hurts="Short runs; the weights raise the gradient's variance, so a high ratio may need a lower rate.",
        scored=True,
        control=lambda options: random_data(options, 1 - options.get("prune_ratio", 0.5)),
        example=MappingProxyType({"prune_ratio": 0.5}),
        use=use(progress=True, observe=True),
    )
)
