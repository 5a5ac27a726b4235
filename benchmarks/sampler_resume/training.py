"""Made-up training that a resumed stream can be compared in: losses and gradients are functions of (index, epoch)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from sooner import sampling
from sooner.registry import methods
from sooner.sampling import GraB, Sampler, Scored, Screening

N, BATCH = 163, 20  # 8 batches and 3 examples, which one process trains on alone and several add to the eighth batch
KILLED_BY, ROUNDS = 3, 5  # the kill falls into one of the first three rounds; all streams go on to the end of the fifth
_TARGETS = torch.arange(N) % 7

# What the records' own examples leave out and has state of its own.
_VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "grab, pairs": ("grab", {"balance": "pair"}),
    "ies, as the code": ("ies", {"faithful_to": "code"}),
    "progressive-dropout, schedule-matched": ("progressive-dropout", {"variant": "schedule-matched"}),
}


def contestants() -> dict[str, tuple[str, dict[str, Any]]]:
    """What is run: every registered sampling method with its example's options, and some variants, by label."""
    known = {method.name: (method.name, dict(method.example)) for method in methods(seam="sampling")}
    extra = {label: (name, {**known[name][1], **options}) for label, (name, options) in _VARIANTS.items()}
    return dict(sorted({**known, **extra}.items()))


def losses(index: Tensor, epoch: int) -> Tensor:
    """(B,) float32 in [0, 1]: an example's differs from round to round, and those of a round from each other."""
    return torch.sin(index * 0.37 + epoch).abs()


def gradients(index: Tensor, epoch: int) -> Tensor:
    """(B, 4) float32."""
    return torch.cos(index[:, None] * torch.tensor([0.11, 0.23, 0.57, 1.3]) + epoch)


class _Numbers:
    """Example i is i. A batch comes back as the list of its numbers."""

    def __len__(self) -> int:
        return N

    def __getitems__(self, index: Tensor) -> list[int]:
        return index.tolist()


class _Through:
    """The batch sampler of a loader that outlives its sampler: workers stay, every run has samplers of its own."""

    sampler: Sampler

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.sampler)

    def __len__(self) -> int:
        return len(self.sampler)


@dataclass
class Loaders:
    """A loader for every rank, whose workers stay."""

    world: int
    workers: int
    _through: list[_Through] = field(default_factory=list)
    _loaders: list[DataLoader[Any]] = field(default_factory=list)

    def of(self, samplers: list[Sampler]) -> list[DataLoader[Any]]:
        while len(self._loaders) < self.world:
            self._through.append(_Through())
            loader: DataLoader[Any] = DataLoader(
                _Numbers(),  # type: ignore[arg-type]  # a dataset by what it does
                batch_sampler=self._through[-1],  # type: ignore[arg-type]
                collate_fn=list,
                num_workers=self.workers,
                persistent_workers=self.workers > 0,
                generator=torch.Generator(),
            )
            self._loaders.append(loader)
        for through, sampler in zip(self._through, samplers, strict=True):
            through.sampler = sampler
        return self._loaders


@dataclass(frozen=True)
class Step:
    """One step of all ranks: what each was handed out, and what it trained on and by which weights."""

    epoch: int
    drawn: list[list[int]]
    trained: list[list[tuple[int, float]]]


class Training:
    """All ranks of one training run, in this process: new samplers, or those of states that were saved.

    Between rounds the ranks' observations are exchanged, as torch.distributed would.
    """

    def __init__(self, name: str, options: dict[str, Any], loaders: Loaders) -> None:
        self._loaders = loaders
        self.samplers: list[Sampler] = [
            sampling.make(name, N, BATCH, seed=1, targets=_TARGETS, **options).shard(rank, loaders.world)
            for rank in range(loaders.world)
        ]
        self.used: int | None = None  # batches of the round under way

    def exchange(self) -> None:
        """Bring the ranks' scores level."""
        ranks = [sampler for sampler in self.samplers if isinstance(sampler, Scored)]
        if len(ranks) > 1:
            everyones = [sampler.scores.observed() for sampler in ranks]
            for sampler in ranks:
                sampler.scores.merge(everyones)

    def states(self) -> list[dict[str, Any]]:
        """What each rank saves after the steps made so far."""
        self.exchange()
        return [sampler.state_dict(consumed=self.used) for sampler in self.samplers]

    def load(self, states: list[dict[str, Any]]) -> None:
        """Go on from the ranks' states."""
        for sampler, state in zip(self.samplers, states, strict=True):
            sampler.load_state_dict(state)

    def rounds(self) -> Iterator[Iterator[Step]]:
        """Round after round, from where the samplers are; each has to be walked to its end before the next."""
        first = self.samplers[0]
        while first.epoch < ROUNDS:
            yield self._round(first.epoch)

    def _round(self, epoch: int) -> Iterator[Step]:
        self.exchange()
        for sampler in self.samplers:
            sampler.progress = (epoch + sampler.position / N) / ROUNDS  # as a training loop that resumes sets it
        for used, batch in enumerate(zip(*self._loaders.of(self.samplers), strict=True), start=1):
            step = self._step(epoch, [torch.tensor(numbers) for numbers in batch])
            self.used = used
            yield step
        self.used = None

    def _step(self, epoch: int, parts: list[Tensor]) -> Step:
        trained = []
        for sampler, index in zip(self.samplers, parts, strict=True):
            kept, weight = index, sampler.weight(index)
            if isinstance(sampler, Screening) and sampler.screens(index):
                keep, weight = sampler.screen(index, losses(index, epoch))
                kept, weight = index[keep], weight[keep]
            sampler.observe(kept, losses(kept, epoch))
            trained.append(list(zip(kept.tolist(), weight.tolist(), strict=True)))
        whole = interleaved(parts)
        for sampler in self.samplers:
            if isinstance(sampler, GraB):
                sampler.observe_gradient(whole, gradients(whole, epoch))
        return Step(epoch, [part.tolist() for part in parts], trained)


def interleaved(parts: list[Tensor]) -> Tensor:
    """The batch of which rank r got `batch[r::world]`."""
    whole = torch.empty(sum(len(part) for part in parts), dtype=torch.int64)
    for rank, part in enumerate(parts):
        whole[rank :: len(parts)] = part
    return whole
