"""Hard mini-batches: cut the data into batches once, and train on those with the highest loss."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import torch

from sooner._arguments import flag, share
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._control import matched
from sooner.sampling._orders import Picked
from sooner.sampling._ranking import hardest
from sooner.sampling._scored import Decision, Scored
from sooner.sampling._use import use
from sooner.sampling.permutation import Permutation


class HardBatches(Scored):
    """The first round trains on all mini-batches, each later one on the share delta with the highest loss.

    The data is cut into mini-batches once, at random. The loss of a mini-batch is the mean of its examples' latest
    losses, so those left out keep theirs until others have fallen below. A round goes through its int(delta x number)
    mini-batches, at least one, in the order of the cut, and observes them again. That is the published code, but for
    its cut in the order of the file; the paper's delta is the `fraction` here.

    Source: Sahayam, Zakkam and Jayaraman, Can We Learn Better with Hard Samples?, 2023.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`. `drop_last` leaves the smaller mini-batch out of the cut.
        fraction: delta, of the mini-batches per round, above 0 and at most 1.
        matched: train on as many mini-batches of the same cut, but random ones: what the method gains by choosing them
            is the difference between the two.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        fraction: float,
        matched: bool = False,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.fraction = share("fraction", fraction)
        self.matched = flag("matched", matched)
        self._cut = Permutation(self.n, derive(self.seed, "hard batches"))
        whole, rest = divmod(self.n, self.batch_size)
        self._number = whole + (rest > 0 and not self.drop_last)

    def decide(self, epoch: int) -> Decision:
        """Which mini-batches the round has ("batches"): (number,) bool. O(n), some 50 ms per million examples."""
        if epoch == 0:
            return {"batches": torch.ones(self._number, dtype=torch.bool)}
        losses = self.scores["loss"][self._cut[: self._number * self.batch_size]].numpy()
        starts = np.arange(0, len(losses), self.batch_size)
        sums = np.add.reduceat(losses, starts, dtype=np.float64)
        means = torch.from_numpy(sums / np.diff(starts, append=len(losses)))
        if self.matched:
            means = torch.zeros_like(means)  # all equal, of which a random part is taken
        count = max(1, int(self.fraction * self._number))
        return {"batches": hardest(means, count, derive(self.seed, "hard batches", epoch))}

    def arrange(self, epoch: int, decision: Decision) -> Order:
        """The mini-batches one after another. 8 bytes per example in them."""
        positions = decision["batches"].repeat_interleave(self.batch_size)[: self.n].nonzero().flatten()
        return Picked(self._cut, positions)


register(
    Method(
        name="hard-batches",
        seam="sampling",
        make=HardBatches,
        title="Hard mini-batches",
        paper="Sahayam, Zakkam and Jayaraman, Can We Learn Better with Hard Samples?",
        year=2023,
        changes="Mini-batches are fixed, and training returns to those with the highest loss.",
        costs="Some 30 microseconds per step, O(n) per round; 4 bytes per example, and 8 more per one in a round.",
        helps="Small mini-batches, whose losses differ.",
        hurts="Large ones, whose losses are alike; fixed mini-batches are worse than reshuffled ones for batch norm.",
        scored=True,
        control=lambda options: matched("hard-batches", options),
        example=MappingProxyType({"fraction": 0.5}),
        use=use(observe=True),
    )
)
