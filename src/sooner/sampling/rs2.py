"""RS2, repeated sampling of random subsets: a fresh random part of the data every round."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, Self, get_args

from torch import Tensor

from sooner._arguments import labels, share
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling._orders import Part
from sooner.sampling._strata import Strata
from sooner.sampling.permutation import Permutation
from sooner.sampling.reshuffling import pass_over

Variant = Literal["without-replacement", "with-replacement", "stratified"]


class RS2(Sampler):
    """Every round is another random `fraction` of the examples.

    The variants say how rounds relate, not whether an example may come twice in one, which it never does:

    - "without-replacement": a pass over the data in random order is cut into consecutive rounds of
      round(fraction * n). A pass's last round is what is left, so that it visits each example once; the published code
      drops or doubles examples there. What would not fill one batch joins the round before: a step on a handful of
      examples, at the full learning rate, is noise. The passes are those of `Reshuffling` with the same seed.
    - "with-replacement": each round is an independent draw of round(fraction * n) distinct examples.
    - "stratified": each round is an independent draw of round(fraction * n_c) distinct examples, at least 1, of each
      class c, in mixed order.

    It is a schedule as much as a choice of data: without replacement, E rounds of it are ordinary training for
    fraction * E epochs, with the learning rate annealed over that. Fit the schedule to the examples that it sees.

    Source: Okanovic, Waleffe, Mageirakos, Nikolakakis, Karbasi, Kalogerias, Guerel and Rekatsinas, Repeated Random
    Sampling for Minimizing the Time-to-Accuracy of Learning, ICLR 2024.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`. `drop_last` acts on each round.
        fraction: of the examples per round, above 0 and at most 1; a round has at least one example.
        variant: "without-replacement", "with-replacement" or "stratified".
        targets: (n,) whole numbers, the class of each example; "stratified" needs them, and holds n more int64 and
            the round's own; the others ignore them and hold nothing.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        fraction: float,
        variant: Variant = "without-replacement",
        targets: Tensor | None = None,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        if variant not in get_args(Variant):
            raise ValueError(f"variant must be one of {', '.join(get_args(Variant))}, not {variant!r}")
        self.fraction = share("fraction", fraction)
        self.variant = variant
        self.targets = labels(targets, self.n) if variant == "stratified" else None
        self._strata = None if self.targets is None else Strata(self.targets, self.fraction)
        self._size = max(1, round(self.fraction * self.n))
        full, left = divmod(self.n, self._size)
        self._rounds = full + (left >= min(self.batch_size, self._size))  # of a pass
        self._check_last_round()

    def order(self, epoch: int) -> Order:
        """The examples of round `epoch`. O(1) memory, but for a stratified round, whose indices are held."""
        if self._strata is not None:
            return self._strata.draw(derive(self.seed, "rs2", epoch))
        if self.variant == "with-replacement":
            return Part(Permutation(self.n, derive(self.seed, "rs2", epoch)), 0, self._size)
        number, chunk = divmod(epoch, self._rounds)
        start, stop = chunk * self._size, (chunk + 1) * self._size
        return Part(pass_over(self.n, self.seed, number), start, stop if chunk + 1 < self._rounds else self.n)

    def shard(self, rank: int, world: int) -> Self:
        """As every sampler's; a pass's last round must also have an example for each rank."""
        super().shard(rank, world)
        self._check_last_round()
        return self

    def _check_last_round(self) -> None:
        """Refuse at once what would only fail at the end of a pass."""
        if self.variant == "without-replacement":
            last = self.n - (self._rounds - 1) * self._size
            self._usable(last, f"the last of a pass's rounds of {self._size}")


register(
    Method(
        name="rs2",
        seam="sampling",
        make=RS2,
        title="RS2, repeated sampling of random subsets",
        paper="Okanovic et al., Repeated Random Sampling for Minimizing the Time-to-Accuracy of Learning",
        year=2024,
        changes="Each round trains on another random part of the data, in place of an epoch over all of it.",
        costs="Some 10 microseconds per batch of 128; no memory, or 8 bytes per example when stratified.",
        helps="When the budget is a few epochs, and the schedule is fitted to the examples seen.",
        hurts="Against the full data under a schedule fitted to the same budget there is little left to gain.",
        example=MappingProxyType({"fraction": 0.3}),
    )
)
