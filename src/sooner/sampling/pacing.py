"""Curricula by pacing: training on a growing part of the examples, in the order of how hard they are."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner._arguments import flag, labels, number, one_of, per_example, share
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._draws import uniforms
from sooner.sampling._orders import Picked
from sooner.sampling._progress import ByProgress
from sooner.sampling._use import use
from sooner.sampling.permutation import Permutation

Shape = Literal["linear", "quadratic", "root", "step", "exponential", "logarithmic"]


def paced(shape: Shape, time: float) -> float:
    """How much of what was left out at first is taken in, 0 to 1, at `time`, 0 at the start and 1 when all is in.

    The six families of Wu, Dyer and Neyshabur, When Do Curricula Work?, ICLR 2021, Table 1.
    """
    match shape:
        case "linear":
            grown = time
        case "quadratic":
            grown = time**2
        case "root":
            grown = math.sqrt(time)
        case "step":
            grown = math.floor(time)
        case "exponential":
            grown = math.expm1(10 * min(time, 1.0)) / math.expm1(10)
        case "logarithmic":
            grown = 1 + math.log(time + math.exp(-10)) / 10
    return min(max(grown, 0.0), 1.0)


class Pacing(ByProgress):
    """Each round is one pass, in random order, over the part of the examples that the pacing function g lets in.

    The examples are ranked by `scores`. At progress t, of a run of length 1, the first g(t) = b + (1 - b) h(t / a) of
    them take part, where b is `start`, a is `full_at`, and h is `paced`; at least one batch of them. Easy to hard is
    the curriculum, hard to easy (`hard_first`) the anti-curriculum, and a random ranking the control that both have to
    beat: much of what a curriculum seems to gain comes from the pacing alone.

    Set `progress` before each round (the training loop here does), or the part stays at `start`.

    Sources: Hacohen and Weinshall, On the Power of Curriculum Learning in Training Deep Networks, ICML 2019, whose
    single-step pacing is "step"; Wu, Dyer and Neyshabur, When Do Curricula Work?, ICLR 2021. Both balance the classes
    of every part: `stratified`.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        pacing: h: "linear", "quadratic", "root", "step", "exponential" or "logarithmic".
        start: b, the part to begin with, above 0 and at most 1.
        full_at: a, the progress at which all examples take part; at least 0.001, and above 1 never.
        hard_first: begin with the highest scores, in place of the lowest.
        stratified: rank every class by itself, so that each is in every part by its share.
        scores: (n,) finite numbers, higher for harder, say the losses of a trained model. Left out, the ranking is
            random. Ties are broken at random.
        targets: (n,) whole numbers, the class of each example; needed, and held, when stratified.

    Holds 8 bytes per example, 16 with scores.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        pacing: Shape = "linear",
        start: float = 0.2,
        full_at: float = 0.8,
        hard_first: bool = False,
        stratified: bool = False,
        scores: Tensor | None = None,
        targets: Tensor | None = None,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        one_of("pacing", pacing, get_args(Shape))
        self.pacing = pacing
        self.start = share("start", start)
        self.full_at = number("full_at", full_at, 0.001)
        self.hard_first = flag("hard_first", hard_first)
        self.stratified = flag("stratified", stratified)
        self.scores = None if scores is None else per_example("scores", scores, self.n)
        self.targets = labels(targets, self.n) if stratified else None

    def size(self, progress: float) -> int:
        """How many examples take part at `progress`."""
        part = self.start + (1 - self.start) * paced(self.pacing, progress / self.full_at)
        return max(math.floor(part * self.n + 1e-9), min(self.batch_size, self.n))

    @cached_property
    def _ranking(self) -> Tensor:
        """(n,) the examples in the order in which they are let in."""
        ties = uniforms(derive(self.seed, "ranking"), 0, self.n)
        hardness: NDArray[np.float64] = np.zeros(self.n) if self.scores is None else self.scores.numpy()
        key = -hardness if self.hard_first else hardness
        if self.targets is not None:
            classes = self.targets.cpu().numpy()
            by_class = np.lexsort((ties, key, classes))
            _, first, counts = np.unique(classes[by_class], return_index=True, return_counts=True)
            key = np.empty(self.n)
            key[by_class] = (np.arange(self.n) - np.repeat(first, counts) + 0.5) / np.repeat(counts, counts)
        return torch.from_numpy(np.lexsort((ties, key)))

    def arrange(self, epoch: int, progress: float) -> Order:
        """The part that takes part at `progress`, in the random order of round `epoch`."""
        size = self.size(progress)
        return Picked(self._ranking[:size], Permutation(size, derive(self.seed, "pacing", epoch)))


register(
    Method(
        name="pacing",
        seam="sampling",
        make=Pacing,
        title="Curriculum by pacing",
        paper="Hacohen and Weinshall, On the Power of Curriculum Learning in Training Deep Networks",
        year=2019,
        changes="Training begins with the easiest (or hardest, or random) examples and takes in the others by and by.",
        costs="Some 20 microseconds per batch of 128, and 16 bytes per example; making the scores comes on top.",
        helps="With a short budget or many wrong labels, easy first; the published gains are small elsewhere.",
        hurts="At a usual budget on clean data it does as well as a random ranking, that is as no curriculum; hard "
        "first mostly harms.",
        use=use(progress=True),
    )
)
