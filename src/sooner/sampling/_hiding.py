"""The base of methods that hide examples from training for a round, yet look at their losses at its end."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sooner._arguments import flag
from sooner.random import derive
from sooner.sampling._base import Order
from sooner.sampling._orders import Part, Picked
from sooner.sampling._ranking import random_part
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._screening import Screening
from sooner.sampling.permutation import Permutation


@dataclass(frozen=True)
class Chained:
    """One order after another."""

    first: Order
    second: Order

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def __getitem__(self, cut: slice, /) -> Tensor:
        start, stop, _ = cut.indices(len(self))
        split = len(self.first)
        return torch.cat(
            [
                self.first[min(start, split) : min(max(start, stop), split)],
                self.second[max(start - split, 0) : max(stop - split, 0)],
            ]
        )


class Hiding(Screening, Scored):
    """A round is the kept examples in random order, and then the hidden ones, which are passed forward only.

    A subclass decides which are hidden, and hands that to `hiding`. Only batches with a hidden example are screened, so
    the others cost what they always do. Hidden examples have weight 0: in a loop that does not screen they are passed
    forward and backward without effect on the gradient. One whose loss has become infinite or NaN is trained on all the
    same, so that a divergence shows.

    With `drop_last` it is kept examples that a round leaves out, others in each, as long as there are more than a
    batch of them: a hidden one that is not looked at would keep its low loss, and stay hidden for ever.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        matched: hide as many examples as the method would, but random ones: what the method gains by choosing them is
            the difference between the two.
    """

    def __init__(
        self, n: int, batch_size: int, *, seed: int = 0, drop_last: bool = False, matched: bool = False
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.matched = flag("matched", matched)

    def hiding(self, hidden: Tensor, epoch: int) -> Decision:
        """The decision of round `epoch` that hides the examples where (n,) bool `hidden` is True."""
        if self.matched:
            seed = derive(self.seed, "matched hiding", epoch)
            hidden = random_part(torch.ones_like(hidden), int(hidden.sum()), seed)
        return {"kept": ~hidden}

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The kept examples in the round's random order, then the hidden ones, with `drop_last` in one too."""
        kept, hidden = self.shuffled(decision["kept"], epoch), (~decision["kept"]).nonzero().flatten()
        if not self.drop_last or len(hidden) == 0:
            return Chained(kept, hidden)
        left_out = min(self.n % self.batch_size, max(0, len(kept) - self.batch_size))
        mixed = Permutation(len(hidden), derive(self.seed, "hidden order", epoch))  # else the same ones are cut
        return Chained(Part(kept, 0, len(kept) - left_out), Picked(hidden, mixed))

    def weight(self, index: Tensor) -> Tensor:
        """1 for the kept examples of the present round, 0 for the hidden ones: (B,) float32."""
        return self._kept(index).to(index.device, torch.float32)

    @property
    def has_to_screen(self) -> bool:
        return False

    def screens(self, index: Tensor) -> bool:
        """Whether there is a hidden example in the batch."""
        return not bool(self._kept(index).all())

    def screen(self, index: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
        """Observe the hidden examples' losses, and keep the others at weight 1."""
        keep = self._kept(index).to(losses.device) | ~losses.isfinite()
        hidden = ~keep
        self.observe(index.to(losses.device)[hidden], losses[hidden])
        return keep, torch.ones_like(losses, dtype=torch.float32)

    def _kept(self, index: Tensor) -> Tensor:
        if self.present is None:
            return torch.ones(len(index), dtype=torch.bool)
        return self.present["kept"][index.cpu()]
