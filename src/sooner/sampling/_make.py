"""Samplers by name."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from sooner import registry
from sooner.sampling._base import Sampler


def make(
    name: str, n: int, batch_size: int, *, seed: int = 0, targets: Tensor | None = None, **options: Any
) -> Sampler:
    """The registered sampling method `name` over n examples.

    Args:
        name: as in `sooner.registry.methods(seam="sampling")`.
        n, batch_size, seed: see `Sampler`.
        targets: (n,) the class of each example; passed on only to a method that takes them.
        options: the method's own.

    Raises:
        KeyError: no method has that name; the message lists those there are.
        TypeError: the method has no such option, or one that it needs is not given; the message lists its options.
        ValueError: a value is out of range.
    """
    given = {"n": n, "batch_size": batch_size, "seed": seed, "targets": targets}
    sampler: Sampler = registry.make("sampling", name, given, options)
    return sampler
