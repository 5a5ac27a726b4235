"""Sets of examples by position: as one tensor in memory, or decoded from disk when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sooner.errors import DataError
from sooner.tasks._images import BadImage, Decoder
from sooner.tasks._part import encoded


class _Placed:
    """One tensor and its copies on other devices, each made once and shared by all who ask."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self._copies = {tensor.device: tensor}

    def on(self, device: torch.device) -> Tensor:
        exact = torch.empty(0, device=device).device  # "cuda" becomes "cuda:0"
        if exact not in self._copies:
            self._copies[exact] = self.tensor.to(exact)
        return self._copies[exact]

    def __reduce__(self) -> tuple[type[_Placed], tuple[Tensor]]:
        return _Placed, (self.tensor,)  # copies are made where they are needed


class InMemory:
    """Examples held whole as one tensor on a device; a subset is a map of rows onto the same tensor.

    Args:
        inputs: (N, C, H, W) uint8 images, or (N, F) float32 rows.
        targets: (N,) int64 on the same device.

    Attributes:
        targets: (n,) int64, of this set's examples.
        rows: (n,) int64, where in the whole tensor they lie; None for all of it in order.
        device: of everything that `fetch` returns.

    Raises TypeError or ValueError on other dtypes, dimensions or lengths.
    """

    def __init__(self, inputs: Tensor, targets: Tensor) -> None:
        kind = {torch.uint8: 4, torch.float32: 2}.get(inputs.dtype)
        if kind is None or inputs.ndim != kind:
            raise TypeError(
                "inputs must be uint8 images (N, C, H, W) or float32 rows (N, F), "
                f"not {inputs.dtype} of shape {tuple(inputs.shape)}"
            )
        if targets.dtype != torch.int64 or targets.shape != inputs.shape[:1]:
            raise ValueError(
                f"targets must be int64 of shape ({len(inputs)},), not {targets.dtype} of {tuple(targets.shape)}"
            )
        self._placed = _Placed(inputs)
        self.targets = targets
        self.rows: Tensor | None = None
        self.device = inputs.device

    @property
    def inputs(self) -> Tensor:
        """The whole tensor on this set's device, shared by all subsets; `rows` says which of it are in this one."""
        return self._placed.on(self.device)

    def __len__(self) -> int:
        return len(self.targets)

    def fetch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets of the examples at `index`, (B,) int64 on any device. One gather of B inputs."""
        index = index.to(self.device)
        rows = index if self.rows is None else self.rows[index]
        # index_select copies whole examples: several times as fast as indexing, which works element by element.
        return self.inputs.index_select(0, rows), self.targets[index]

    def subset(self, rows: Tensor) -> InMemory:
        """The examples at these positions of this set, in this order: 16 bytes each, no input copied."""
        rows = rows.to(self.device)
        return self._view(rows if self.rows is None else self.rows[rows], self.targets[rows], self.device)

    def to(self, device: torch.device) -> InMemory:
        """The same set on `device`. The whole tensor moves there once, whichever of its subsets asks first."""
        self._placed.on(device)
        return self._view(
            None if self.rows is None else self.rows.to(device), self.targets.to(device), torch.device(device)
        )

    def _view(self, rows: Tensor | None, targets: Tensor, device: torch.device) -> InMemory:
        view = object.__new__(InMemory)
        view._placed, view.rows, view.targets, view.device = self._placed, rows, targets, device
        return view


class OnDisk:
    """Images decoded from a memory-mapped table when they are fetched; only targets and rows are held in memory.

    Picklable, so that DataLoader workers can share the decoding; what a worker reads stays in the page cache, not in
    its own memory. Everything is returned on the CPU: moving a batch on is the loader's part.

    Args:
        dataset: a `datasets.Dataset`.
        targets: (n,) int64, of the examples in `rows`.
        decoder: makes the (C, H, W) array of an image.
        column: of the images: bytes, a struct of `bytes` and `path`, or paths.
        root: where relative paths start.
        rows: (n,) int64, positions in `dataset`; None for all of it in order.
    """

    device = torch.device("cpu")

    def __init__(
        self,
        dataset: Any,
        targets: Tensor,
        decoder: Decoder,
        *,
        column: str,
        root: Path,
        rows: Tensor | None = None,
    ) -> None:
        self._table = dataset.select_columns([column]).with_format("arrow")
        self.targets = targets
        self.decoder = decoder
        self.column = column
        self.root = root
        self.rows = rows

    def __len__(self) -> int:
        return len(self.targets)

    def fetch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) uint8 and targets (B,) of the examples at `index`, (B,) int64.

        Decodes in the calling thread: about 0.1 ms for a small PNG, several for a photograph. Raises DataError naming
        the row of an image that cannot be decoded.
        """
        rows = (index if self.rows is None else self.rows[index]).tolist()
        images = np.empty((len(rows), *self.decoder.shape), dtype=np.uint8)
        if rows:
            for place, image in enumerate(encoded(self._table[rows].column(self.column), self.root)):
                try:
                    images[place] = self.decoder(image)
                except BadImage as error:
                    name = f" ({image})" if isinstance(image, Path) else ""
                    raise DataError(f"the image of row {rows[place]}{name} cannot be decoded: {error}") from error
        return torch.from_numpy(images), self.targets[index]

    def subset(self, rows: Tensor) -> OnDisk:
        """The examples at these positions of this set, in this order: 16 bytes each, nothing is read."""
        view = object.__new__(OnDisk)
        view.__dict__.update(self.__dict__)
        view.rows = rows if self.rows is None else self.rows[rows]
        view.targets = self.targets[rows]
        return view

    def to(self, device: torch.device) -> OnDisk:
        """The set itself: images are decoded on the CPU whatever device trains on them."""
        return self
