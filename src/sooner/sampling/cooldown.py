"""Cooldown: rare domains drawn much more often at first and as they are in the end, by a falling temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sooner._arguments import flag, labels, number, one_of, share
from sooner.random import derive
from sooner.registry import Method, register
from sooner.sampling._base import Order
from sooner.sampling._draws import Independent, by_weight, uniforms
from sooner.sampling._progress import ByProgress
from sooner.sampling._use import use


class Cooldown(ByProgress):
    """Independent draws: domain i of n_i examples with probability p_i(tau) = n_i^(1/tau) / sum_j n_j^(1/tau), then
    any example of it. tau = 1 draws the data as it is, tau -> infinity every domain equally often.

    tau falls from `start` to `end` while training: the many repetitions of the rare domains come early, where they
    speed up learning, and are over before these are overfitted.

    With `upweight` the same loss is minimised another way, called scalarisation: the data is drawn as it is, and each
    example of domain i gets `weight` p_i(tau) / p_i(1). The expected gradient is the same, its variance is not:
    examples of the rare domains come seldom and count for many at once.

    Set `progress` before each round (the training loop here does), or tau stays at `start`. A round is n draws.

    Source: Li, Xu, Tan, Murray and Khashabi, Upsample or Upweight? Balanced Training on Heavily Imbalanced Datasets,
    NAACL 2025. The paper lowers tau during training; the shape of that is an option here, not a reproduction.

    Args:
        n, batch_size, seed, drop_last: see `Sampler`.
        start: tau at first, at least 1.
        end: tau in the end, at least 1.
        until: the progress at which tau reaches `end`, above 0 and at most 1.
        shape: "linear" in progress, or a "step" from `start` to `end` there.
        upweight: draw the data as it is, and weight the losses.
        domains: (n,) whole numbers, the domain of each example. Left out, the classes are the domains.
        targets: (n,) whole numbers, the class of each example; needed only where `domains` is left out.

    Holds 16 bytes per example.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        drop_last: bool = False,
        start: float = 5.0,
        end: float = 1.0,
        until: float = 1.0,
        shape: Literal["linear", "step"] = "linear",
        upweight: bool = False,
        domains: Tensor | None = None,
        targets: Tensor | None = None,
    ) -> None:
        super().__init__(n, batch_size, seed=seed, drop_last=drop_last)
        self.start = number("start", start, 1)
        self.end = number("end", end, 1)
        self.until = share("until", until)
        self.shape = one_of("shape", shape, ("linear", "step"))
        self.upweight = flag("upweight", upweight)
        if domains is None and targets is None:
            raise ValueError(f"give domains, one per example, or targets, to take the classes of {self.n} examples")
        self.domains = None if domains is None else labels(domains, self.n, "domains", "domain")
        self.targets = labels(targets, self.n) if domains is None else None
        given = self.targets if self.domains is None else self.domains
        assert given is not None
        _, self._domain, counts = torch.unique(given.cpu(), return_inverse=True, return_counts=True)
        self._members = torch.argsort(self._domain, stable=True)
        self._counts: NDArray[np.int64] = counts.numpy()

    def temperature(self, progress: float) -> float:
        """tau at `progress` in [0, 1]."""
        cooled = min(progress / self.until, 1.0)
        if self.shape == "step":
            cooled = float(cooled >= 1.0)
        return self.start + (self.end - self.start) * cooled

    def probabilities(self, temperature: float) -> NDArray[np.float64]:
        """(C,) of the domains, in the order of their numbers, at that tau."""
        raised = (self._counts / self._counts.max()) ** (1 / temperature)
        chances: NDArray[np.float64] = raised / raised.sum()
        return chances

    def arrange(self, epoch: int, progress: float) -> Order:
        """n draws at the temperature of `progress`. O(C) time and memory for C domains."""
        temperature = 1.0 if self.upweight else self.temperature(progress)
        cumulative = np.cumsum(self.probabilities(temperature))
        return _Grouped(self._members, self._counts, cumulative, self.n, derive(self.seed, "cooldown", epoch))

    def weight(self, index: Tensor) -> Tensor:
        """(B,) float32: 1, or with `upweight` p_i(tau) / p_i(1) of each example's domain in the present round."""
        if not self.upweight:
            return super().weight(index)
        ratios = self.probabilities(self.temperature(self.present)) / self.probabilities(1.0)
        return torch.from_numpy(ratios).float()[self._domain[index.cpu()]].to(index.device)


@dataclass(frozen=True)
class _Grouped(Independent):
    """`count` independent draws: a group by `cumulative` chances, then one of its members."""

    members: Tensor  # (n,) group by group
    sizes: NDArray[np.int64]  # (C,)
    cumulative: NDArray[np.float64]  # (C,)
    count: int
    seed: int

    def drawn(self, start: int, stop: int) -> Tensor:
        """As in `Independent`."""
        group = by_weight(self.cumulative, uniforms(derive(self.seed, "group"), start, stop))
        within = (uniforms(derive(self.seed, "member"), start, stop) * self.sizes[group]).astype(np.int64)
        return self.members[torch.from_numpy((np.cumsum(self.sizes) - self.sizes)[group] + within)]


register(
    Method(
        name="cooldown",
        seam="sampling",
        make=Cooldown,
        title="Cooldown, temperature sampling over domains",
        paper="Li et al., Upsample or Upweight? Balanced Training on Heavily Imbalanced Datasets",
        year=2025,
        changes="Rare domains are drawn more often than they are, by a temperature that falls to 1 while training.",
        costs="Some 15 microseconds per batch of 128, and 16 bytes per example.",
        helps="With domains or classes of very uneven size that all matter, and a budget of many passes.",
        hurts="On even data it is sampling with replacement. With ten rare examples (benchmarks/cooldown) it was as "
        "fast as a fixed temperature and no better on them.",
        use=use(progress=True),
    )
)
