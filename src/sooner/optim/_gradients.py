"""Gradients that are other ones for the length of a step, and themselves again afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor


@contextmanager
def gradients(replaced: Iterable[tuple[Tensor, Tensor]]) -> Iterator[None]:
    """Give each parameter that gradient inside, and its own back at the end.

    A step that leaves gradients as they were can be looked at from outside: growing sparse weights, for one, reads the
    gradient after the optimizer's step.
    """
    kept = []
    for parameter, gradient in replaced:
        kept.append((parameter, parameter.grad))
        parameter.grad = gradient
    try:
        yield
    finally:
        for parameter, own in kept:
            parameter.grad = own
