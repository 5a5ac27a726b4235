"""Which examples are the hardest, or a random part of them: masks of exact size, ties broken at random."""

from __future__ import annotations

import torch
from torch import Tensor

from sooner.sampling.permutation import Permutation


def random_part(among: Tensor, count: int, seed: int) -> Tensor:
    """(n,) bool: `count` of the True examples of `among`, all equally likely; all of them where there are fewer."""
    members = among.nonzero().flatten()
    chosen = torch.zeros_like(among)
    if len(members) and count > 0:
        chosen[members[Permutation(len(members), seed)[:count]]] = True
    return chosen


def hardest(scores: Tensor, count: int, seed: int) -> Tensor:
    """(n,) bool: the `count` largest of (n,) `scores`; NaN, an example never seen, is larger than any. O(n).

    Of equal scores on the edge a random part is taken, so that a start without scores picks no part of the file.
    """
    count = min(max(count, 0), len(scores))
    if count == 0:
        return torch.zeros(len(scores), dtype=torch.bool)
    ranked = scores.nan_to_num(nan=torch.inf, posinf=torch.inf, neginf=-torch.inf)
    edge = ranked.kthvalue(len(ranked) - count + 1).values
    above = ranked > edge
    return above | random_part(ranked == edge, count - int(above.sum()), seed)
