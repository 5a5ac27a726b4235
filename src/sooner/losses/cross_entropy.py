"""Cross-entropy with label smoothing (Szegedy et al., Rethinking the Inception Architecture, 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class CrossEntropy:
    """Softmax cross-entropy of logits (B, C) with class targets (B,) int64.

    Args:
        label_smoothing: share in [0, 1) of each target spread evenly over all classes.
    """

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing must be in [0, 1), not {self.label_smoothing}")

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets, reduction="none", label_smoothing=self.label_smoothing)
