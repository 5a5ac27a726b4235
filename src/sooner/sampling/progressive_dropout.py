"""Progressive Data Dropout: train on less and less of the data, and on all of it at the end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from sooner._arguments import number, one_of, share
from sooner.random import derive, generator
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._ranking import random_part
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._screening import Screening, shuffled
from sooner.sampling._use import use

Variant = Literal["difficulty", "scalar", "schedule-matched"]


class ProgressiveDropout(Screening, Scored):
    """Drops examples until the share `revision` of the run is spent, and then trains on all of them.

    - "difficulty": of each batch only those examples are trained on whose true class has a probability below
      `threshold`, judged by a forward pass (see `Screening`). As the model learns, fewer are left.
    - "schedule-matched": as many of each batch, but at random ones: the same pass finds how many. What is gained by
      choosing the difficult ones is the difference between the two.
    - "scalar": round t is a random ceil(decay^t n) of the examples, at least a batch; nothing is looked at. The rounds
      add up to n / (1 - decay) examples, so give it a budget of no more than 1 / (1 - decay) epochs. Its batches are
      full and there are fewer of them; the authors keep a random part of each batch, and so make as many steps a
      round as ever, of ever fewer examples. Over a budget in steps the two are different amounts of training.

    The probability is exp(-loss), which supposes a plain cross-entropy loss. Set `progress` before each round, or
    the last phase never comes; the paper's is the last epoch. A batch with nothing difficult in it makes no step, and
    neither does a round where the model is sure of everything: in a budget of steps the last phase is then never
    reached, and the training loop here stops with that as its reason. A loss that is not finite is always kept, so
    that a divergence shows.

    Source: Shriram, Hao, Hou, Lu, Sevilla-Lara, Arnab and Gowda, Progressive Data Dropout: An Embarrassingly Simple
    Approach to Faster Training, NeurIPS 2025.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        variant: "difficulty", "scalar" or "schedule-matched".
        threshold: probability of the true class from which an example is dropped, above 0 and at most 1; not for
            "scalar".
        decay: factor of the size of a round from one to the next, above 0 and at most 1; for "scalar" alone.
        revision: share of the run after which nothing is dropped, 0 to 1.
    """

    columns = MappingProxyType({})

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        variant: Variant = "difficulty",
        threshold: float = 0.3,
        decay: float = 0.95,
        revision: float = 0.95,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        one_of("variant", variant, get_args(Variant))
        self.variant = variant
        self.threshold = share("threshold", threshold)
        self.decay = share("decay", decay)
        self.revision = number("revision", revision, 0, 1)
        self._screened = 0  # batches so far: each has its own draws

    def take(self, index: Tensor, loss: Tensor) -> None:
        """Nothing: only the losses of the moment count."""

    def decide(self, epoch: int) -> Decision:
        """Which examples the round has ("kept", (n,) bool), and whether any may be dropped from it ("drops")."""
        everything = torch.ones(self.n, dtype=torch.bool)
        drops = self.progress < self.revision
        if not drops or self.variant != "scalar":
            return {"kept": everything, "drops": torch.tensor([drops])}
        size = max(math.ceil(self.decay**epoch * self.n), min(self.batch_size, self.n))
        kept = random_part(everything, size, derive(self.seed, "progressive dropout", epoch))
        return {"kept": kept, "drops": torch.tensor([True])}

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The round's examples in random order. 8 bytes per example."""
        return self.shuffled(decision["kept"], epoch)

    def screens(self, index: Tensor) -> bool:
        """Whether examples may be dropped from the batch: before the last phase, and not by "scalar"."""
        return self.variant != "scalar" and self.present is not None and bool(self.present["drops"])

    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the difficult examples, or as many at random; all weights are 1."""
        finite = losses.isfinite()
        keep = (losses > -math.log(self.threshold)) | ~finite
        if self.variant == "schedule-matched":
            draws = generator(self.seed, "progressive dropout", self._screened, self.rank)
            keep = shuffled(keep.cpu(), finite.cpu(), draws).to(losses.device)
        self._screened += 1
        return keep, torch.ones_like(losses, dtype=torch.float32)

    @property
    def has_to_screen(self) -> bool:
        return self.variant != "scalar"

    @property
    def _told(self) -> int | None:
        return self._screened if self.screens(torch.empty(0, dtype=torch.int64)) else None

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """As every sampler's, with the number of batches screened."""
        return {**super().state_dict(consumed), "screened": self._screened}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As every sampler's."""
        super().load_state_dict(state)
        self._screened = int(state["screened"])


def _control(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """As many random examples of each batch; "scalar", which looks at nothing, is its own control."""
    random = options.get("variant") == "scalar"
    return {"name": "progressive-dropout", **options, **({} if random else {"variant": "schedule-matched"})}


register(
    Method(
        name="progressive-dropout",
        seam="sampling",
        make=ProgressiveDropout,
        title="Progressive Data Dropout",
        paper="Shriram et al., Progressive Data Dropout: An Embarrassingly Simple Approach to Faster Training",
        year=2025,
        changes="Training drops what the model is already fairly sure of, batch by batch, and ends on all the data.",
        costs="A forward pass over every batch before the last phase; by scalar nothing, but fewer full batches "
        "where the authors make as many smaller ones.",
        helps="Long runs in which the backward pass is most of the cost.",
        hurts="Under label noise; and where the forward pass eats what the spared backward pass saves.",
        scored=True,
        control=_control,
        example=MappingProxyType({"threshold": 0.5}),
        refuses=MappingProxyType(
            {
                f"losses/{loss}": "it takes exp(-loss) for the probability of the true class"
                for loss in ("elr", "ps-kd", "z-loss")
            }
        ),
        use=use(progress=True, screen=True),
    )
)
