"""The loader: the sampler's batches, fetched, normalised, augmented and on the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from sooner import augmentation
from sooner._words import number_of
from sooner.augmentation import Augmentation, IndexedAugmentation
from sooner.batch import Batch
from sooner.errors import SoonerError
from sooner.random import generator
from sooner.sampling import Sampler
from sooner.tasks import Examples
from sooner.training.normalisation import Normalise, unit_range
from sooner.training.normalisation import channel_statistics as channel_statistics


class Loader:
    """Batches for training: iterating yields the rest of the sampler's current round, and then the next one.

    Without workers, examples are fetched by this process from where they lie, best in memory on the device: another
    subset in the next round costs nothing. With workers, other processes fetch whole batches ahead of training, which
    pays where images are decoded from disk. Both yield the same batches, and a resumed run the same as an unbroken
    one: what a batch becomes depends on (seed, epoch, position, rank) and `progress` alone.

    Args:
        examples: the training set. Moved to `device` unless there are workers; then it must be on the CPU.
        sampler: over as many examples, sharded already where there are several processes.
        device: of everything in the batches.
        augment: applied in this order: those that take images in [0, 1] before they are normalised, the rest after it.
        mean, std: (C,) of the images in units of [0, 1], as `channel_statistics` gives them; None leaves [0, 1].
        seed: of the augmentations.
        workers: processes that fetch, 0 for none. They start with the first batch and stay until `close`.

    Attributes:
        progress: share of the budget spent, in [0, 1]; the training loop sets it, the augmentations get it.
        sampler: as given.

    Raises:
        ValueError: the sampler is over another number of examples, `workers` is negative, the examples are not on the
            CPU though there are workers, or the normalisation is not that of these inputs.
    """

    def __init__(
        self,
        examples: Examples,
        sampler: Sampler,
        *,
        device: torch.device | str = "cpu",
        augment: Sequence[Augmentation | IndexedAugmentation] = (),
        mean: Tensor | None = None,
        std: Tensor | None = None,
        seed: int = 0,
        workers: int = 0,
    ) -> None:
        if sampler.n != len(examples):
            raise ValueError(f"the sampler is over {number_of(sampler.n, 'example')}, but there are {len(examples)}")
        if workers < 0:
            raise ValueError(f"workers must be at least 0, not {workers}")
        if workers and examples.targets.device.type != "cpu":
            raise ValueError(
                f"worker processes cannot fetch from {examples.targets.device}: give them the examples on the CPU, or "
                "set workers=0"
            )
        self.sampler = sampler
        self.progress = 0.0
        self._device = torch.device(device)
        self._before = tuple(each for each in augment if augmentation.unit_range(each))
        self._after = tuple(each for each in augment if not augmentation.unit_range(each))
        self._normalise = Normalise(mean, std, self._device)
        self._seed = seed
        self._examples = examples if workers else examples.to(self._device)
        self._draws = _Draws(sampler)
        self._workers = workers
        self._ahead: DataLoader[Any] | None = None
        self._used: int | None = None  # batches of the iteration in progress, where workers look ahead

    def _processes(self) -> DataLoader[Any]:
        return DataLoader(
            _Fetch(self._examples),
            sampler=self._draws,
            batch_size=None,  # an item is a whole batch
            collate_fn=_as_it_is,
            num_workers=self._workers,
            persistent_workers=True,
            pin_memory=self._device.type == "cuda",
            generator=generator(self._seed, "workers"),  # else it draws from the global one
        )

    def __iter__(self) -> Iterator[Batch]:
        if not self._workers:
            for _ in self._draws:
                draw = self._draws.pending.popleft()
                yield self._batch(draw, *self._examples.fetch(draw.index))
            return
        if self._ahead is None:
            self._ahead = self._processes()
        self._used = 0
        try:
            for fetched in self._ahead:
                if isinstance(fetched, SoonerError):
                    try:
                        raise fetched
                    finally:  # else this frame and the error hold each other, and the workers live on
                        del fetched
                self._used += 1
                yield self._batch(self._draws.pending.popleft(), *fetched)
            self._used = None
        finally:
            if self._used is not None:  # abandoned: the sampler goes back to where training is
                self.sampler.load_state_dict(self.state_dict())
                self._used = None

    def _batch(self, draw: _Draw, inputs: Tensor, targets: Tensor) -> Batch:
        inputs = inputs.to(self._device, non_blocking=True)
        drawn = generator(self._seed, "augment", draw.epoch, draw.position, self.sampler.rank)
        if self._before:
            inputs = self._normalise.units(self._augmented(unit_range(inputs), self._before, draw, drawn))
        else:
            inputs = self._normalise(inputs)
        inputs = self._augmented(inputs, self._after, draw, drawn)
        return Batch(
            inputs,
            targets.to(self._device, non_blocking=True),
            draw.index.to(self._device),
            self.sampler.weight(draw.index).to(self._device),
        )

    def _augmented(
        self,
        inputs: Tensor,
        augmentations: Sequence[Augmentation | IndexedAugmentation],
        draw: _Draw,
        drawn: torch.Generator,
    ) -> Tensor:
        for each in augmentations:
            inputs = augmentation.apply(each, inputs, self.progress, drawn, index=draw.index, epoch=draw.epoch)
        return inputs

    def state_dict(self) -> dict[str, Any]:
        """The sampler's state after the batches handed out so far, whatever workers have fetched beyond them."""
        return self.sampler.state_dict(consumed=self._used)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict()` of a loader of the same sampler; the next iteration starts there.

        Raises ValueError if the state is of another sampler, or an iteration is in progress.
        """
        if self._used is not None:
            raise ValueError("an iteration over this loader is in progress; leave it before loading a state")
        self.sampler.load_state_dict(state)

    def close(self) -> None:
        """End the worker processes now, within some 50 ms; iterating again starts new ones.

        They end with the loader in any case, but where a reference to it lingers, that may be during another run.
        """
        self._ahead = None


def evaluation_batches(
    examples: Examples,
    batch_size: int,
    device: torch.device | str = "cpu",
    mean: Tensor | None = None,
    std: Tensor | None = None,
) -> Iterator[Batch]:
    """All examples in order, normalised as `Loader` does and not augmented, each with weight 1.

    Examples in memory move to `device` once. Raises ValueError if `batch_size` is not at least 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    device = torch.device(device)
    examples = examples.to(device)
    normalise = Normalise(mean, std, device)
    for start in range(0, len(examples), batch_size):
        index = torch.arange(start, min(start + batch_size, len(examples)))
        inputs, targets = examples.fetch(index)
        weight = torch.ones(len(index), device=device)
        yield Batch(normalise(inputs.to(device)), targets.to(device), index.to(device), weight)


@dataclass(frozen=True, slots=True)
class _Draw:
    epoch: int
    position: int  # of the sampler before it handed out this batch
    index: Tensor


class _Draws:
    """The sampler's batches of one round, noted in `pending` until training has had them."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self.pending: deque[_Draw] = deque()

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        self.pending.clear()
        batches = iter(self._sampler)
        epoch, position = self._sampler.epoch, self._sampler.position
        for index in batches:
            self.pending.append(_Draw(epoch, position, index))
            position = self._sampler.position
            yield index.numpy()  # a tensor would go to a worker through a file of shared memory


class _Fetch(Dataset[Any]):
    """Whole batches by their index, in a worker process."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples

    def __getitem__(self, index: NDArray[np.int64]) -> tuple[Tensor, Tensor] | SoonerError:
        try:
            return self._examples.fetch(torch.from_numpy(index))
        except SoonerError as error:  # handed over as it is: a DataLoader would bury its message in a traceback
            return error


def _as_it_is(fetched: Any) -> Any:
    return fetched
