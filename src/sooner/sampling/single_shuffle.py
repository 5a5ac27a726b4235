"""Single shuffle: one random order for every epoch."""

from __future__ import annotations

from sooner.registry import Method, register
from sooner.sampling._base import Order, Sampler
from sooner.sampling.reshuffling import pass_over


class SingleShuffle(Sampler):
    """All n examples once per round, in one random order that never changes: that of `Reshuffling`'s first round.

    So the batches are the same in every round, unless the last one is short. With batch normalisation that changes
    what is minimised: each example is only ever normalised together with the same others, and the optimum is that of
    these fixed batches. Reshuffling averages over them (Wu, Yun and Sra, On the Training Instability of Shuffling SGD
    with Batch Normalization, ICML 2023).

    Source: folklore ("shuffle once").

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
    """

    def order(self, epoch: int) -> Order:
        """The one permutation of 0..n-1. O(1) memory."""
        return pass_over(self.n, self.seed, 0)


register(
    Method(
        name="single-shuffle",
        seam="sampling",
        make=SingleShuffle,
        title="Single shuffle",
        paper="folklore",
        year=None,
        changes="Every epoch visits each example once, in the same random order and in the same batches.",
        costs="Some 10 microseconds per batch of 128; no memory.",
        helps="Where data has to be read in the order that it was once written in, a shuffled file or stream.",
        hurts="With batch normalisation, small batches or large learning rates: it fits its fixed batches.",
    )
)
