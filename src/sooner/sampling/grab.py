"""GraB: the next epoch's order from this epoch's gradients, balanced so that their partial sums stay small."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor

from sooner._arguments import one_of
from sooner._sharded import is_sharded
from sooner.registry import Method, register
from sooner.sampling._balancing import Balancer
from sooner.sampling._base import Order, Sampler
from sooner.sampling._use import use
from sooner.sampling.reshuffling import pass_over


class GraB(Sampler):
    """Gradient balancing: each round in an order in which the last round's gradients cancel as they come.

    The loop hands over the gradients of every batch:

        for batch in loader:
            gradient = per_example_gradients(model, loss, batch.inputs, batch.targets)  # (B, d)
            sampler.observe_gradient(batch.index, gradient)

    A vector of each example is added to a running sum s or subtracted from it, whichever leaves s the shorter. Added
    examples take the next free place at the front of the next round, subtracted ones that at the back.

    - "mean" (Lu, Guo and De Sa, GraB: Finding Provably Better Data Permutations than Random Reshuffling, NeurIPS
      2022, Algorithms 4 and 5): the vector is g_i - m, where m is the mean of the last round's gradients, 0 in the
      first; all the g_i of this round make up the next m.
    - "pair" (Cooper, Guo et al., CD-GraB: Coordinating Distributed Example Orders for Provably Accelerated Training,
      NeurIPS 2023, PairBalance): the vector is g_i - g_j of two examples that follow each other; i goes to the front
      and j to the back if it is added, the other way round if not. It needs no m, which at large learning rates is
      out of date.

    Where the loss is smooth and strongly convex, the error after K epochs falls like 1 / (n K)^2, against
    1 / (n K^2) of random reshuffling, up to logarithms, and no order of the examples does better (Cha, Lee and Yun,
    Tighter Lower Bounds for Shuffling SGD, ICML 2023).

    Rounds are `Reshuffling`'s until gradients are observed. Where a round is observed in part, the other examples
    stay in the middle, in their order; a round without any keeps the order of the one before.

    Of mean gradients, one for each batch, the batches of the first round stay together in all that follow, and only
    their order changes. Where n is no multiple of `batch_size` the last batch, of another size, stays the last whatever
    its sign: anywhere else it would shift those behind it against the cut. With `drop_last` there is no such batch; the
    examples left out come in the middle, others are left out instead, and the batches behind are cut again.
    Micro-batches stay contiguous, and whole where they are of one size that divides `batch_size`.

    Among several processes every rank has to observe the gradients of all: `observe_gradient(gathered(batch.index),
    gathered(gradient))`. All ranks then make the same order; handing over one rank's own is refused.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        balance: "mean" or "pair".
        faithful_to: "code" subtracts m in place, as the authors' `orderedsampler` does, so that the next m is the
            mean of g_i - m in place of that of g_i: from the third round on it centres by the wrong vector. Only
            "mean" differs.

    Holds 16 bytes per example, and 3 ("pair": 2) vectors of the gradients' size; so does its state. A round's start
    takes O(n), a batch O(B^2 d) in one matrix product.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        balance: Literal["mean", "pair"] = "mean",
        faithful_to: Literal["paper", "code"] = "paper",
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.balance = one_of("balance", balance, ("mean", "pair"))
        self.faithful_to = one_of("faithful_to", faithful_to, ("paper", "code"))
        self._balancer = Balancer(self.n, pairs=balance == "pair", in_place=faithful_to == "code")
        self._round: int | None = None  # whose gradients the balancer has
        self._now: Tensor | None = None  # (n,) that round's order; None: that of `Reshuffling`
        self._at = 0  # the place in it of the next example to observe
        self._observed = 0  # batches whose gradient was observed

    def order(self, epoch: int) -> Order:
        """The latest balanced order, or a fresh permutation where there is none. A jump to another round keeps it."""
        if self._round is None or (epoch == self._round and self._now is None):
            return pass_over(self.n, self.seed, epoch)
        return self._now if epoch == self._round and self._now is not None else self._next_order()

    def observe_gradient(self, index: Tensor, gradient: Tensor) -> None:
        """Take note of gradients, before or after the step: the round's next examples, in their order, each once.

        Args:
            index: (B,) int64, of one batch of all ranks, or of one micro-batch after another.
            gradient: (B, d), of each example's loss, flattened; or (d,), of the mean loss over these B examples, which
                costs no per-example gradients. They then follow each other in the next round too.

        Raises:
            ValueError: the shapes do not fit, or these are not the round's next examples.
        """
        if is_sharded(gradient):
            raise TypeError(
                "GraB needs the whole gradient, and this one is sharded by fully_shard (FSDP2): join the "
                "parameters' gradient.full_tensor(), which is that of the batch of all processes already"
            )
        rows = gradient.detach()[None] if gradient.ndim == 1 else gradient.detach()
        if rows.ndim != 2 or len(rows) not in (1, len(index)) or len(index) == 0:
            raise ValueError(
                f"for {len(index)} examples gradient must be of shape ({len(index)}, d), one row each, or (d,) for "
                f"their mean, not {tuple(gradient.shape)}"
            )
        index = index.cpu()
        self._turn_to(index)
        together = len(rows) == 1
        last = together and self._at >= self._grid
        self._balancer.observe([index] if together else [*torch.split(index, 1)], rows, last=last)
        self._at += len(index)
        self._observed += 1

    @property
    def _told(self) -> int | None:
        return self._observed

    def _turn_to(self, index: Tensor) -> None:
        """Find these examples in the order of the round that training is in; if it is a new round, conclude the old."""
        if self._began is None:
            raise ValueError("a gradient was observed before any batch of the round was handed out")
        epoch, start = self._began
        order = self.order(epoch)
        places = [start] if epoch != self._round else [self._at, start]
        place = next((at for at in places if torch.equal(order[at : at + len(index)], index)), None)
        if place is None:
            raise ValueError(
                f"GraB has to observe the examples of a round in its order, and in round {epoch} these {len(index)} "
                "are not the next: observe every batch once, and on several ranks gathered(index) and "
                "gathered(gradient)"
            )
        if epoch != self._round:
            self._now = None if self._round is None else self._next_order()
            self._round = epoch
            self._balancer.next_round()
        elif place < self._at:
            self._balancer.start_again()  # the round is run again
        self._at = place

    def _next_order(self) -> Tensor:
        assert self._round is not None
        now = pass_over(self.n, self.seed, self._round)[:] if self._now is None else self._now
        return self._balancer.next_order(now)

    @property
    def _grid(self) -> int:
        """Where the round's last batch begins if it is not of `batch_size`; n if all are."""
        alike = self.drop_last or self.n % self.batch_size == 0
        return self.n if alike else (self._count(self.n) - 1) * self.batch_size

    def _total(self, epoch: int) -> int:
        """Without making the order: a loader that looks ahead asks before the last gradients are in."""
        return self._usable(self.n, f"round {epoch}")

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """As every sampler's, with what the balancing has so far: two orders (n,) and two or three vectors (d,).

        It is exact where the gradients of the batches used, and of no others, have been observed.
        """
        mine = {"round": self._round, "at": self._at, "now": None if self._now is None else self._now.clone()}
        return {**super().state_dict(consumed), "balancing": {**mine, **self._balancer.state_dict()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As every sampler's; the tensors of the state are copied."""
        super().load_state_dict(state)
        saved = state["balancing"]
        self._round, self._at = saved["round"], saved["at"]
        self._now = None if saved["now"] is None else saved["now"].clone()
        self._balancer.load_state_dict(saved)
        self._order = None


register(
    Method(
        name="grab",
        seam="sampling",
        make=GraB,
        title="GraB, gradient balancing",
        paper="Lu et al., GraB: Finding Provably Better Data Permutations than Random Reshuffling",
        year=2022,
        changes="Each epoch visits each example once, in an order in which the last epoch's gradients cancel.",
        costs="Per-example gradients, or one per micro-batch, and O(B^2 d) per batch; 16 bytes per example and 3 d.",
        helps="Convex or smooth problems run for many epochs to a small error, where the order limits the accuracy.",
        hurts="In a few epochs of a deep network, whose gradients change faster than the order follows; without "
        "observed gradients it is plain reshuffling. A race gives it each batch's mean gradient, so batches stay "
        "together.",
        refuses=MappingProxyType(
            {
                "batching/adadagrad": "it needs each of its batches' gradient, and joined ones have one",
                "structure/channel-pruning": "it adds up a round's gradients, whose length changes with the channels",
                "optim/sso": "it has to see gradients before the step, SSO makes them inside it",
            }
        ),
        use=use(gradient=True),
    )
)
