"""IES, instance-dependent early stopping: stop training on an example once its loss no longer bends."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Literal, get_args

from torch import Tensor

from sooner._arguments import number, one_of
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._control import matched
from sooner.sampling._hiding import Hiding
from sooner.sampling._ranking import hardest
from sooner.sampling._scored import Decision
from sooner.sampling._use import use

FaithfulTo = Literal["paper", "code"]

_BENDS = ("bend", "bend_1", "bend_2", "bend_3")  # newest first


class IES(Hiding):
    """Every round hides the mastered examples: those whose loss changes at a steady pace, if at all.

    With L(t) an example's loss in round t, it is mastered while |L(t) - 2 L(t-1) + L(t-2)| < `threshold`. Mastered
    examples are passed forward at the end of the round, so that one whose loss bends again comes back: see
    `Screening`; in a loop that knows nothing of it they come with weight 0. Where all is mastered, one batch of those
    that bend most is still trained on.

    `faithful_to="code"` reproduces the published code, which takes the mean of the last three of these magnitudes,
    and masters nothing before it has four of them, that is six losses. (It also doubles the threshold on CIFAR-100.)

    Source: Yuan, Lin, Feng, Han and Liu, Instance-dependent Early Stopping, ICLR 2025.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        threshold: at least 0, in units of the loss.
        faithful_to: "paper" or "code".
        matched: see `Hiding`.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        threshold: float = 1e-3,
        faithful_to: FaithfulTo = "paper",
        matched: bool = False,
    ) -> None:
        one_of("faithful_to", faithful_to, get_args(FaithfulTo))
        self._bends = _BENDS if faithful_to == "code" else _BENDS[:1]
        self.columns = dict.fromkeys(("loss", "before", *self._bends), math.nan)
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last, matched=matched)
        self.threshold = number("threshold", threshold, 0)
        self.faithful_to = faithful_to

    def take(self, index: Tensor, loss: Tensor) -> None:
        """Move each example's losses on by one, and its second differences with them."""
        last, before = self._scores.read("loss", index), self._scores.read("before", index)
        older = {
            name: self._scores.read(newer, index) for newer, name in zip(self._bends[:-1], self._bends[1:], strict=True)
        }
        self._scores.update(index, loss=loss, before=last, bend=(loss - 2 * last + before).abs(), **older)

    def decide(self, epoch: int) -> Decision:
        """Which examples are not mastered ("kept"): (n,) bool. O(n)."""
        bend = self.scores["bend"]
        if self.faithful_to == "code":
            recent = (bend + self.scores["bend_1"] + self.scores["bend_2"]) / 3
            bend = recent.where(~self.scores["bend_3"].isnan(), math.nan)
        kept = ~(bend < self.threshold)
        return self.hiding(~(kept | hardest(bend, self.batch_size, derive(self.seed, "ies", epoch))), epoch)


register(
    Method(
        name="ies",
        seam="sampling",
        make=IES,
        title="IES, instance-dependent early stopping",
        paper="Yuan et al., Instance-dependent Early Stopping",
        year=2025,
        changes="Training leaves out the examples whose loss has settled, until it moves again.",
        costs="A forward pass over the hidden examples per round; some 70 microseconds per step; 12 bytes per example.",
        helps="Long runs, in which most losses settle long before the end.",
        hurts="Short runs, and losses that augmentation or dropout keep noisy: nothing settles.",
        scored=True,
        control=lambda options: matched("ies", options),
        example=MappingProxyType({"threshold": 0.05}),
        use=use(observe=True, screen=True),
    )
)
