"""KAKURENBO: hide the examples of lowest loss for a round, unless the model is unsure of them."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sooner._arguments import number
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._control import matched
from sooner.sampling._hiding import Hiding
from sooner.sampling._ranking import hardest
from sooner.sampling._scored import Decision
from sooner.sampling._use import use

_DECAY_AT = (0.3, 0.6, 0.8)  # progress; the paper's epochs 60, 120, 160 of 200, and 30, 60, 80 of 100
_DECAY = (1.0, 0.8, 0.6, 0.4)


class Kakurenbo(Hiding):
    """Every round hides the examples of lowest loss, at most a fraction F of all, that are predicted confidently.

    Of the floor(F n) examples with the lowest loss those move back that are predicted wrongly or with a confidence
    below `confidence`. F is `hidden` times 1, 0.8, 0.6 and 0.4 as progress passes 0.3, 0.6 and 0.8; set `progress`
    before each round. At the end of a round the hidden examples are passed forward, so that their losses are fresh:
    see `Screening`; in a loop that knows nothing of it they come with weight 0. An example never seen is not hidden.

    Confidence is read off the loss: under plain cross-entropy the true class has probability exp(-loss), and a
    prediction is right and as confident as that when it is at least one half. Another loss, or label smoothing, makes
    the rule stricter or looser. (The published code takes its softmax over the batch instead of the classes; that is
    not reproduced.)

    The method also raises the learning rate, for the steps that a round lacks: multiply it by `lr_scale`. The training
    loop here and the integrations with Accelerate, Lightning and transformers do it themselves.

    Source: Nguyen, Gerofi, Martinez-Noriega, Trahay and Wahib, KAKURENBO: Adaptively Hiding Samples in Deep Neural
    Network Training, NeurIPS 2023.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        hidden: the largest fraction of the examples to hide, at least 0 and below 1.
        confidence: below it an example moves back, at least 0.5 and at most 1.
        matched: see `Hiding`.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        hidden: float = 0.3,
        confidence: float = 0.7,
        matched: bool = False,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last, matched=matched)
        self.hidden = number("hidden", hidden, 0, 1, below=True)
        self.confidence = number("confidence", confidence, 0.5, 1)

    def decide(self, epoch: int) -> Decision:
        """Which examples are not hidden ("kept"): (n,) bool. O(n)."""
        loss = self.scores["loss"]
        most = int(self.hidden * _DECAY[bisect(_DECAY_AT, self.progress)] * self.n)
        lowest = ~hardest(loss, self.n - most, derive(self.seed, "kakurenbo", epoch))
        return self.hiding(lowest & (loss <= -math.log(self.confidence)), epoch)

    @property
    def lr_scale(self) -> float:
        """1 / (1 - share hidden) in the present round: the factor of the learning rate.

        The published code takes F, the most that may be hidden, for the share that is.
        """
        if self.present is None:
            return 1.0
        return self.n / int(self.present["kept"].sum())


def _problems(recipe: Mapping[str, Any]) -> Mapping[tuple[str, ...], str]:
    if recipe["loss"].get("label_smoothing", 0) > 0:
        text = "must be 0 with kakurenbo: of softened labels no prediction is sure, so that nothing would be hidden"
        return {("loss", "label_smoothing"): text}
    return {}


register(
    Method(
        name="kakurenbo",
        seam="sampling",
        make=Kakurenbo,
        title="KAKURENBO",
        paper="Nguyen et al., KAKURENBO: Adaptively Hiding Samples in Deep Neural Network Training",
        year=2023,
        changes="Rounds hide examples of low loss and sure prediction, and raise the learning rate by as much.",
        costs="A forward pass over the hidden examples per round; O(n) per round; 4 bytes per example, 9 in a round.",
        helps="Long runs on large data, at up to 30% hidden.",
        hurts="Short runs, in which few predictions become sure; with label smoothing hardly any does.",
        scored=True,
        control=lambda options: matched("kakurenbo", options),
        example=MappingProxyType({"hidden": 0.3}),
        problems=_problems,
        refuses=MappingProxyType(
            {
                f"losses/{loss}": "it takes exp(-loss) for the probability of the true class"
                for loss in ("elr", "ps-kd", "z-loss")
            }
        ),
        use=use(progress=True, observe=True, screen=True, rate=True),
    )
)
