"""The sampler's weights in the batches that training gets: what a loop reads as `batch.weight`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sooner.batch import Batch
from sooner.sampling import Sampler


def weighed(batch: Any, sampler: Sampler) -> Any:
    """A `Batch` with its weights times the sampler's, of the round that it belongs to; anything else as it is."""
    if not isinstance(batch, Batch) or type(sampler).weight is Sampler.weight:
        return batch
    return replace(batch, weight=batch.weight * sampler.weight(batch.index).to(batch.weight))
