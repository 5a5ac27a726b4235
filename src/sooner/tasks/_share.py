"""A stratified share of a data set, for a first look at large data."""

from __future__ import annotations

from dataclasses import replace

from sooner.errors import DataError
from sooner.tasks._base import Data
from sooner.tasks.split import choose

_SEED = 0  # the share belongs to the data, not to a run: all seeds see the same


def share_of(data: Data, examples: int) -> Data:
    """`data` with `examples` of its training examples, each class in its share but two at least; all of the test part.

    The choice is always the same for the same data and number. Its fingerprint names the number, so that a race on a
    share is never taken for one on the whole.

    Raises:
        DataError: there are not that many, or too few for two of each class.
    """
    n, least = len(data.train), 2 * len(data.classes)
    if not least <= examples <= n:
        raise DataError(
            f"examples must be from {least} (two of each class) to {n} (all that {data.name} has), not {examples}"
        )
    if examples == n:
        return data
    kept = choose(data.train.targets, examples, _SEED)
    return replace(data, train=data.train.subset(kept), fingerprint=f"{data.fingerprint}:{examples}")
