"""PS-KD: targets softened by the model's own last predictions, more and more as training goes on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from sooner._arguments import number
from sooner.losses._base import IGNORED, counted
from sooner.losses._remembering import Place, Remembering
from sooner.registry import Method, register
from sooner.seams import Use


class PSKD(Remembering):
    """Progressive self-knowledge distillation: cross-entropy with (1 - a) one-hot + a (the last prediction).

    The model of a moment ago is the teacher. Its predictions get better, so their share a grows. Of an example with
    softmax p, and p' when it was last trained on,

        loss = -sum_k ((1 - a) [k = y] + a p'_k) log p_k,   a = alpha x progress.

    An example that was never trained on has its one-hot target. Set `progress` before each step, or a stays 0.

    Source: Kim, Ji, Yoon and Hwang, Self-Knowledge Distillation with Progressive Refinement of Targets, ICCV 2021.
    There a is set once per epoch, alpha (e + 1) / E in epoch e of E counted from 0, and p' is the prediction of the
    model of the epoch before. Here

    - a grows at each step: where the share s of epoch e is done it is alpha (e + s) / E. It lags by alpha / E at most,
      and ends at alpha all the same.
    - p' is what was computed when the example was last trained on. Under ordinary epochs, each of which visits each
      example once, that was in the epoch before: augmented, and by the model in training mode as it was at that step.
      The published code stores just that. So it also works with samplers whose rounds are no passes, where "the epoch
      before" may not have had the example. In the first epoch both have one-hot targets.

    Some 0.3 ms a step more than cross-entropy on one CPU core (128 examples, 10 classes); see `Remembering` for the
    memory. Label smoothing (`CrossEntropy(label_smoothing=0.1)`) costs nothing and is the control: in the authors'
    table for CIFAR-100 it has 0.1 points more errors with PreAct ResNet-18 and 0.3 to 2.3 more with larger networks.

    Args:
        n: number of training examples, at least 1.
        classes: C, at least 2.
        alpha: the paper's alpha_T, a at the end of training, in [0, 1]. The paper: 0.8.
        memory: "device" or "host": where it lies if training is on an accelerator.
        ignore_index: the target of examples that do not count, see `Loss`; their index must be valid all the same.

    Attributes:
        progress: share of the run that is spent, in [0, 1]; the training loop sets it.
    """

    column = "prediction"
    start = math.nan  # never trained on

    def __init__(
        self, n: int, classes: int, *, alpha: float = 0.8, memory: Place = "device", ignore_index: int = IGNORED
    ) -> None:
        super().__init__(n, classes, memory, ignore_index)
        self.alpha = number("alpha", alpha, 0, 1)
        self._progress = 0.0

    @property
    def progress(self) -> float:
        return self._progress

    @progress.setter
    def progress(self, progress: float) -> None:
        self._progress = number("progress", progress, 0, 1)

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        """The loss of each example, (B,), in the dtype of the outputs but float32 at least.

        Raises ValueError or IndexError on shapes or indices that do not fit.

        Of an index that comes several times in a batch the last prediction stays.
        """
        log_p = F.log_softmax(self._checked(outputs, targets, index), dim=1)
        counts, targets = counted(targets, self.ignore_index)
        old = self._recall(index, log_p)
        one_hot = F.one_hot(targets, self.classes).to(log_p.dtype)
        teacher = torch.where(old.isnan(), one_hot, old)
        target = torch.lerp(one_hot, teacher, self.alpha * self.progress)
        self._note(index, old, log_p.detach().exp(), counts)
        return -(target * log_p).sum(1).masked_fill(~counts, 0.0)

    def state_dict(self) -> dict[str, Any]:
        """The memory, see `Remembering`, and the progress."""
        return {**super().state_dict(), "progress": self.progress}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.progress = state["progress"]


register(
    Method(
        name="ps-kd",
        seam="losses",
        make=PSKD,
        title="Progressive self-knowledge distillation (PS-KD)",
        paper="Kim et al., Self-Knowledge Distillation with Progressive Refinement of Targets",
        year=2021,
        changes="Each target is softened by the model's own last prediction of the example, more as training goes on.",
        costs="4 bytes per example and class; on a CPU some 0.3 ms per step of 128 examples and 10 classes, 2 ms of "
        "1,000 classes.",
        helps="In long runs that would overfit: accuracy and calibration.",
        hurts="In runs of a few epochs: examples are seen too seldom for their predictions to teach anything.",
        use=Use(
            name="loss",
            begin=("loss.progress = progress",),
            losses="losses = loss({outputs}, batch.targets, batch.index)",
        ),
    )
)
