"""Samplers by name."""

from __future__ import annotations

import inspect
from typing import Any

from torch import Tensor

from sooner.registry import get
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
    method = get("sampling", name)
    unknown = sorted(set(options) - set(method.options))
    needed = {name for name, parameter in method.options.items() if parameter.default is inspect.Parameter.empty}
    lacking = sorted(needed - set(options))
    if unknown or lacking:
        problem = f"has no option {', '.join(unknown)}" if unknown else f"needs the option {', '.join(lacking)}"
        raise TypeError(f"{name} {problem}; its options are: {', '.join(method.options)}")
    if "targets" in inspect.signature(method.make).parameters:
        options["targets"] = targets
    sampler: Sampler = method.make(n, batch_size, seed=seed, **options)
    return sampler
