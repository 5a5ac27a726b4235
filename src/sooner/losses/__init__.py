"""What a step minimises: functions `(outputs, targets, index) -> loss of each example, (B,)`."""

from sooner.losses._base import Loss
from sooner.losses.cross_entropy import CrossEntropy

__all__ = ["CrossEntropy", "Loss"]
