"""`Batch`: inputs and targets together with the index and weight of every example in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import default_collate

Inputs = Tensor | Mapping[str, Tensor]


def _each(inputs: Inputs, function: Callable[[Tensor], Tensor]) -> Inputs:
    if isinstance(inputs, Tensor):
        return function(inputs)
    return {key: function(value) for key, value in inputs.items()}


def moved(inputs: Inputs, device: torch.device | str) -> Inputs:
    """`inputs` on `device`."""
    return _each(inputs, lambda tensor: tensor.to(device))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One step's examples. The index travels with the data, so a loss can always be credited to its own example.

    It is no tuple: what takes the first element of a batch for its inputs, as `torch.optim.swa_utils.update_bn` does,
    cannot read it (`sooner.update_bn` can).

    Attributes:
        inputs: (B, ...) tensor, or a mapping of such tensors.
        targets: (B, ...) tensor.
        index: (B,) int64, the position of each example in the training set, 0 to n-1.
        weight: (B,) float32, the factor of each example's loss; 1 unless the sampler says otherwise, which is put in by
            the race, `sooner.integrations.guard` and the adapters. `collate` alone makes it 1.
    """

    inputs: Inputs
    targets: Tensor
    index: Tensor
    weight: Tensor

    def __post_init__(self) -> None:
        if self.index.dtype != torch.int64 or self.index.ndim != 1:
            raise TypeError(
                f"index must be a 1-d int64 tensor, not {self.index.dtype} of shape {tuple(self.index.shape)}: "
                "an index that passes through a float credits losses to the wrong example"
            )

    def __len__(self) -> int:
        return self.index.numel()

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The same batch on `device`."""
        move: Callable[[Tensor], Tensor] = lambda tensor: tensor.to(device, non_blocking=non_blocking)
        return replace(
            self,
            inputs=_each(self.inputs, move),
            targets=move(self.targets),
            index=move(self.index),
            weight=move(self.weight),
        )

    def pin_memory(self) -> Batch:
        """The same batch in page-locked memory; `DataLoader(pin_memory=True)` calls this."""
        pin: Callable[[Tensor], Tensor] = lambda tensor: tensor.pin_memory()
        return replace(
            self,
            inputs=_each(self.inputs, pin),
            targets=pin(self.targets),
            index=pin(self.index),
            weight=pin(self.weight),
        )

    def split(self, parts: int) -> Iterator[Batch]:
        """Micro-batches for gradient accumulation, in order, sizes one apart at most; `parts`, or one per example.

        Among several processes a small last batch may give them different numbers of parts: synchronise gradients
        once per step, not once per part.

        Raises ValueError if `parts` is not at least 1.
        """
        if parts < 1:
            raise ValueError(f"a batch is split into 1 or more parts, not {parts}")
        parts = max(1, min(parts, len(self)))
        size, larger = divmod(len(self), parts)
        start = 0
        for part in range(parts):
            stop = start + size + (part < larger)
            yield self._part(slice(start, stop))
            start = stop

    def select(self, keep: Tensor, weight: Tensor) -> Batch:
        """Some of the examples, their part of `weight`, (B,) float32, as their weight.

        Args:
            keep: (B,) bool, or (k,) int64 the positions in the batch.
            weight: of every example of this batch.
        """
        kept = _each(self.inputs, lambda tensor: tensor[keep])
        return Batch(kept, self.targets[keep], self.index[keep], weight[keep])

    def _part(self, cut: slice) -> Batch:
        return Batch(
            _each(self.inputs, lambda tensor: tensor[cut]), self.targets[cut], self.index[cut], self.weight[cut]
        )


class Indexed(torch.utils.data.Dataset[tuple[int, Any]]):
    """A map-style data set whose items are `(index, item)`, so that a `DataLoader` can make batches with their index.

    Use it with `collate`: `DataLoader(Indexed(data), batch_sampler=sampler, collate_fn=sooner.collate)`.
    """

    def __init__(self, dataset: Any) -> None:
        iterable = isinstance(dataset, torch.utils.data.IterableDataset)
        if iterable or not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise TypeError(
                f"Indexed needs a data set with a length and items by position, not {type(dataset).__name__}; "
                "an iterable data set has no index to credit a loss to"
            )
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[int, Any]:
        return int(index), self.dataset[int(index)]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> list[tuple[int, Any]]:
        """The items at these positions, asked of the data set all at once where it can do that."""
        positions = [int(index) for index in indices]
        several = getattr(self.dataset, "__getitems__", None)
        items = several(positions) if several else [self.dataset[position] for position in positions]
        return list(zip(positions, items, strict=True))


def collate(items: list[tuple[int, Any]]) -> Batch:
    """Make a `Batch` of an `Indexed` data set's items, each `(index, (inputs, target))`, weights all 1.

    An item may also be a mapping with a key `label` or `labels`; the rest of it becomes the inputs.
    """
    index = torch.tensor([int(position) for position, _ in items], dtype=torch.int64)
    first = items[0][1]
    if isinstance(first, Mapping):
        key = next((key for key in ("label", "labels") if key in first), None)
        if key is None:
            raise KeyError(f"an item must have a key 'label' or 'labels'; it has {sorted(first)}")
        columns = default_collate([sample for _, sample in items])
        inputs: Inputs = {name: value for name, value in columns.items() if name != key}
        targets = columns[key]
    elif isinstance(first, tuple | list) and len(first) == 2:
        inputs, targets = default_collate([sample for _, sample in items])
    else:
        given = f"{len(first)} values" if isinstance(first, tuple | list) else f"a {type(first).__name__}"
        raise TypeError(f"an item must be a pair (inputs, target) or a mapping with a label, not {given}")
    return Batch(inputs, targets, index, torch.ones(len(items)))
