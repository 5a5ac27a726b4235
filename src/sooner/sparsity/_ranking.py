"""The k best of a score: exactly k, ties to the earlier position, so that every process chooses the same."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def top(scores: Tensor, k: int) -> Tensor:
    """Bool of the shape of `scores`: the k largest entries, of equal ones those that come first; NaN ranks last."""
    flat = scores.detach().flatten()
    if flat.dtype in (torch.float16, torch.bfloat16):
        flat = flat.float()
    flat = torch.where(flat.isnan(), -torch.inf, flat)
    if k >= flat.numel() or k <= 0:
        return torch.full_like(scores, k > 0, dtype=torch.bool)
    least = flat.topk(k, sorted=False).values.min()
    chosen = flat > least
    missing = k - int(chosen.sum())
    equal = flat == least
    chosen |= equal & (equal.cumsum(0) <= missing)
    return chosen.view(scores.shape)


def top_of_all(scores: Mapping[str, Tensor], k: int) -> dict[str, Tensor]:
    """The k largest entries of all tensors together, but of each tensor at least its largest. k is at least as many
    as there are tensors; equal entries go by the order of the tensors, then by position.
    """
    flat = []
    for score in scores.values():
        lifted = score.detach().flatten().clone()
        lifted = lifted.float() if lifted.dtype in (torch.float16, torch.bfloat16) else lifted
        flat.append(torch.where(top(lifted, 1), torch.inf, lifted))
    # Layers may be spread over devices; one ranking needs them in one place.
    chosen = top(torch.cat([each.to(flat[0].device) for each in flat]), k)
    parts = torch.split(chosen, [each.numel() for each in flat])
    pairs = zip(scores.items(), parts, strict=True)
    return {name: part.view(score.shape).to(score.device) for (name, score), part in pairs}
