"""What a masked model costs on paper: floating-point operations, dense and with dead weights left out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sooner._modules import unwrapped
from sooner.sparsity._base import SparseTraining
from sooner.sparsity._scoring import undisturbed


@dataclass(frozen=True)
class Flops:
    """Floating-point operations of one example's forward pass, two for each multiply-accumulate.

    Attributes:
        dense: of all weights, which is what ordinary kernels do with masks or without.
        sparse: of live weights alone, which they do not save.
        layers: of each masked layer, (dense, sparse).
    """

    dense: int
    sparse: int
    layers: dict[str, tuple[int, int]]

    @property
    def share(self) -> float:
        """sparse / dense."""
        return self.sparse / self.dense


def flops(model: nn.Module, shape: tuple[int, ...], sparsity: SparseTraining | None = None) -> Flops:
    """Count the operations of one example, forward; training takes about three times as many.

    torch's `FlopCounterMode` counts matrix products, convolutions and attention; norms, activations and pooling are
    left out, as is usual. A masked layer's part of `sparse` is its dense count times the share of its weights alive,
    which is exact where, as torch does, padding is counted as work. A masked layer that is not called as a module, such
    as the output projection of torch's `MultiheadAttention`, stays dense.

    These are operations on paper. Masks do not make a step faster on any usual kernel; see `SparseTraining`.

    Args:
        model: takes `(B, *shape)` of its first parameter's type. Costs one forward pass in evaluation mode and changes
            nothing.
        shape: of one example.
        sparsity: the masks on it; None for none, then both counts are the same.
    """
    model = unwrapped(model)
    first = next(model.parameters())
    with undisturbed(model, "flops"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()
        model(torch.zeros(1, *shape, dtype=first.dtype, device=first.device))
    dense = int(counter.get_total_flops())
    counts = counter.get_flop_counts()
    layers = {}
    for name, mask in (sparsity.masks if sparsity else {}).items():
        path = f"{type(model).__name__}.{name}" if name else type(model).__name__
        of_layer = sum(counts.get(path, {}).values())
        layers[name] = (of_layer, round(of_layer * int(mask.sum()) / mask.numel()))
    saved = sum(whole - live for whole, live in layers.values())
    return Flops(dense, dense - saved, layers)
