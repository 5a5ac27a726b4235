"""How density and the share of moved weights depend on progress in [0, 1] of the run."""

from __future__ import annotations

import math


def cubic(progress: float, start: float, until: float, first: float, last: float) -> float:
    """The density at `progress`: `first` up to `start`, `last` from `until` on, between them a cubic.

    s = s_f + (s_i - s_f) (1 - (t - t_0) / (t_1 - t_0))^3 of Zhu and Gupta, To Prune, or Not to Prune, 2017, equation 1,
    which holds of densities as of sparsities, since one is 1 minus the other.
    """
    if progress >= until:
        return last
    left = 1 - max(progress - start, 0.0) / (until - start)
    return last + (first - last) * left**3


def cosine(progress: float, until: float, first: float) -> float:
    """`first` / 2 (1 + cos(pi progress / until)), 0 from `until` on: the share of weights that move, as in RigL."""
    if progress >= until:
        return 0.0
    return first / 2 * (1 + math.cos(math.pi * progress / until))
