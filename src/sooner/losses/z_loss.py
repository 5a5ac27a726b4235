"""The Z-loss: how many standard deviations the class's output lies above the mean of all outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from torch import Tensor
from torch.nn import functional as F

from sooner._arguments import number, whole_number
from sooner.losses._base import IGNORED, Stateless, counted, wide
from sooner.registry import Method, register

_EPSILON = 1e-5  # added to the variance, as in layer norm


@dataclass(frozen=True)
class ZLoss(Stateless):
    """softplus(a (b - z_y)) / a, with z = (o - mean(o)) / std(o) over the C outputs o of an example.

    Shifting or scaling all outputs of an example changes nothing, as it changes no ranking. It depends on them only
    through their sum, the sum of their squares and o_y (the "spherical" family), so that with an output layer made for
    it the cost of a step does not depend on C. This is the loss alone, from all outputs, for a layer as they are.

    z_y is at most sqrt(C - 1), where all other outputs are equal. The gradient with respect to z_y is
    -sigmoid(a (b - z_y)): b is about where an example is good enough, a how sharply its gradient fades around it; as
    a grows the loss tends to the hinge max(0, b - z_y).

    Source: de Brebisson and Vincent, The Z-loss: a shift and scale invariant classification loss belonging to the
    Spherical Family, arXiv 1604.08859, 2016. std is that of the population. a and b are tuned in the paper, task by
    task and by the ranking that counts (top 1, top 5, ...); it gives no defaults, those here are ours. So is the 1e-5
    added to the variance, which keeps the loss finite where all outputs are equal, and which outputs whose standard
    deviation is above 0.1 do not notice.

    Not the z-loss of PaLM and of mixtures of experts, a penalty on (log sum exp o)^2 added to cross-entropy.

    The outputs are no log-probabilities: their softmax means nothing, only their ranking does. The gradient falls as
    1 / std(o), so weight decay or its absence acts as a learning rate, and an output layer that starts at zero makes
    the first step a huge one.

    Args:
        a: sharpness, above 0.
        b: in standard deviations; None for sqrt(C - 1), which only a perfect output reaches.
        ignore_index: the target of examples that do not count, see `Loss`.
    """

    a: float = 1.0
    b: float | None = None
    ignore_index: int = field(default=IGNORED, kw_only=True)

    def __post_init__(self) -> None:
        if number("a", self.a, 0) == 0:
            raise ValueError("a must be above 0, not 0")
        if self.b is not None:
            number("b", self.b, -math.inf)
        whole_number("ignore_index", self.ignore_index)

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        """The loss of each example, (B,), in the dtype of the outputs but float32 at least. `index` is not looked at.

        Raises ValueError on shapes that do not fit.
        """
        logits = wide(outputs, targets)
        classes = logits.shape[1]
        counts, targets = counted(targets, self.ignore_index)
        z = F.layer_norm(logits, (classes,), eps=_EPSILON).gather(1, targets[:, None]).squeeze(1)
        b = math.sqrt(classes - 1) if self.b is None else self.b
        return (F.softplus(self.a * (b - z)) / self.a).masked_fill(~counts, 0.0)


register(
    Method(
        name="z-loss",
        seam="losses",
        make=ZLoss,
        title="Z-loss",
        paper="de Brebisson and Vincent, The Z-loss: a shift and scale invariant classification loss belonging to the "
        "Spherical Family",
        year=2016,
        changes="What counts is how far the class's output stands out among the others, not a likelihood.",
        costs="About two cross-entropies: 0.1 ms more per step of 128 examples and 10 classes on a CPU; no memory.",
        helps="With very many classes, where a ranking is wanted and no probabilities.",
        hurts="Where probabilities are wanted; a and b are one more thing to tune, and the learning rate another one.",
    )
)
