"""Cross-entropy, with label smoothing as an option."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor
from torch.nn import functional as F

from sooner._arguments import number, whole_number
from sooner.losses._base import IGNORED, Stateless, wide
from sooner.registry import Method, register


@dataclass(frozen=True)
class CrossEntropy(Stateless):
    """Softmax cross-entropy of logits (B, C) with class targets (B,) int64: -sum_k q_k log p_k.

    q is one-hot, or with label smoothing e (Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, Rethinking the Inception
    Architecture for Computer Vision, CVPR 2016, section 7) 1 - e + e / C for the class and e / C for each other one.
    Smoothing is also the control of PS-KD, which smooths by the model's own predictions.

    Args:
        label_smoothing: e, share in [0, 1) of each target spread evenly over all classes, its own among them.
        ignore_index: the target of examples that do not count, see `Loss`.
    """

    label_smoothing: float = 0.0
    ignore_index: int = field(default=IGNORED, kw_only=True)

    def __post_init__(self) -> None:
        number("label_smoothing", self.label_smoothing, 0, 1, below=True)
        whole_number("ignore_index", self.ignore_index)

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        """The loss of each example, (B,); see `Loss`. `index` is not looked at."""
        logits = wide(outputs, targets)
        return F.cross_entropy(
            logits,
            targets,
            ignore_index=self.ignore_index,
            reduction="none",
            label_smoothing=self.label_smoothing,
        )


register(
    Method(
        name="cross-entropy",
        seam="losses",
        make=CrossEntropy,
        title="Cross-entropy, with label smoothing",
        paper="folklore; label smoothing: Szegedy et al., Rethinking the Inception Architecture for Computer Vision",
        year=2016,
        changes="The negative log-likelihood of the class is minimised, or that of a target smoothed over all classes.",
        costs="Nothing that the others do not cost too; no memory.",
        helps="The default. Smoothing by 0.1 helps in long runs that fit their training data, and calibration.",
        hurts="Without smoothing it learns wrong labels by heart; with it, runs too short to overfit lose a little.",
    )
)
