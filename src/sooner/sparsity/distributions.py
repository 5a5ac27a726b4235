"""How the live weights are shared out among the layers: uniform, Erdos-Renyi, Erdos-Renyi-kernel, or as given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, get_args

from sooner._arguments import real

Distribution = Literal["uniform", "erk", "er"]


def densities(
    shapes: Mapping[str, tuple[int, ...]], density: float, distribution: Distribution | Mapping[str, float]
) -> dict[str, float]:
    """The share of each layer's weights that is alive, in (0, 1], so that it is `density` of all together.

    - "uniform": the same in every layer.
    - "er": proportional to (n_in + n_out) / (n_in * n_out), after Mocanu et al. (2018).
    - "erk": proportional to (n_in + n_out + height + width) / (n_in * n_out * height * width), the sum over the
      product of the weight's sizes, after Evci et al. (2020). A linear layer has no height and width.
    - a mapping, layer to number above 0: proportional to it. Numbers that come to `density` are kept as they are.

    The factor of proportionality is solved for. A layer that would get more than all of its weights is dense, and
    the rest of the budget is shared among the others, again and again, as in RigL's published code.

    Args:
        shapes: of each layer's weight; the first two are channels. In a grouped convolution these are one group's.
        density: in (0, 1].

    Raises:
        ValueError: an unknown distribution, or a mapping that lacks a layer, names another, or holds a number that
            is not above 0.
    """
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    raw = _proportions(shapes, distribution)
    budget = density * sum(sizes.values())
    dense: set[str] = set()
    while len(dense) < len(sizes):
        others = {name: raw[name] * size for name, size in sizes.items() if name not in dense}
        factor = (budget - sum(sizes[name] for name in dense)) / math.fsum(others.values())
        over = {name for name in others if factor * raw[name] > 1}
        if not over:
            return {name: 1.0 if name in dense else factor * raw[name] for name in sizes}
        dense |= over
    return dict.fromkeys(sizes, 1.0)


def counts(
    shapes: Mapping[str, tuple[int, ...]], density: float, distribution: Distribution | Mapping[str, float]
) -> dict[str, int]:
    """How many of each layer's weights are alive: at least one, and round(density * all) together.

    Of `densities`, rounded by the largest remainder; of equal ones the earlier layer's.

    Raises:
        ValueError: as `densities`; or there is less than one weight for each layer.
    """
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    total = alive(sizes, density)
    exact = {name: share * sizes[name] for name, share in densities(shapes, density, distribution).items()}
    counts = {name: min(max(math.floor(exact[name]), 1), size) for name, size in sizes.items()}
    while (left := total - sum(counts.values())) != 0:
        step = 1 if left > 0 else -1
        able = [name for name in sizes if (counts[name] < sizes[name] if left > 0 else counts[name] > 1)]
        able.sort(key=lambda name: -step * (exact[name] - counts[name]))
        for name in able[: abs(left)]:
            counts[name] += step
    return counts


def alive(sizes: Mapping[str, int], density: float) -> int:
    """round(density * all weights). Raises ValueError if that is less than one for each layer."""
    total = sum(sizes.values())
    left = round(density * total)
    if left < len(sizes):
        raise ValueError(
            f"density={density} of {total} weights is {left}, too few for one in each of {len(sizes)} layers: it must "
            f"be at least {len(sizes) / total:.3g}, or layers left dense with exclude"
        )
    return left


def _proportions(
    shapes: Mapping[str, tuple[int, ...]], distribution: Distribution | Mapping[str, float]
) -> Mapping[str, float]:
    if isinstance(distribution, Mapping):
        if set(distribution) != set(shapes):
            lacking, unknown = sorted(set(shapes) - set(distribution)), sorted(set(distribution) - set(shapes))
            raise ValueError(
                f"distribution must have a number for each of the layers {', '.join(shapes)}; it lacks "
                f"{', '.join(lacking) or 'none'} and has {', '.join(unknown) or 'no others'}"
            )
        for name, value in distribution.items():
            found = real(f"distribution of layer '{name}'", value)
            if found is None or not 0 < found < math.inf:
                raise ValueError(f"distribution must give layer '{name}' a number above 0, not {value!r}")
        return distribution
    if distribution == "uniform":
        return dict.fromkeys(shapes, 1.0)
    if distribution == "er":
        return {name: (shape[0] + shape[1]) / (shape[0] * shape[1]) for name, shape in shapes.items()}
    if distribution == "erk":
        return {name: sum(shape) / math.prod(shape) for name, shape in shapes.items()}
    raise ValueError(
        f"distribution must be one of {', '.join(get_args(Distribution))} or a mapping of layers to numbers, "
        f"not {distribution!r}"
    )
