"""What a loader draws when an iteration begins: from a generator of its own, never from the global state."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import DataLoader

from sooner.random import generator
from sooner.sampling import Sampler


class Seeds:
    """Gives a `DataLoader` that was made without a generator one of its own; any other loader is left alone.

    `iter(loader)` draws a seed for worker processes, also where there are none, and without a generator it draws it
    from the global state. A run that is resumed begins one iteration more than the unbroken one, so all that comes
    after it (dropout, say) would be drawn anew. The seed is a function of the sampler's seed, its rank and the place
    where the iteration begins.
    """

    def __init__(self, loader: object, sampler: Sampler) -> None:
        inside: Any = getattr(loader, "base_dataloader", loader)  # Accelerate's loader is a shell around one
        self._loader = inside if isinstance(inside, DataLoader) and inside.generator is None else None
        self._sampler = sampler

    def begin(self) -> None:
        """Call this before each `iter(loader)`."""
        if self._loader is not None:
            one = self._sampler
            over = one._handed_out and one.position >= one._total(one.epoch)  # then the iteration is of the next round
            place = (one.epoch + 1, 0) if over else (one.epoch, one.position)
            self._loader.generator = generator(one.seed, "loader", *place, one.rank, device=torch.get_default_device())
