"""StableMax: cross-entropy with a softmax whose exponential is replaced by something that grows linearly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from sooner._arguments import one_of, whole_number
from sooner.losses._base import IGNORED, Stateless, wide
from sooner.registry import Method, register

Precision = Literal["float64", "float32"]


@dataclass(frozen=True)
class StableMax(Stateless):
    """-log(s(x_y) / sum_k s(x_k)), with s(x) = x + 1 for x >= 0 and 1 / (1 - x) below.

    Once a model fits its training data, ordinary cross-entropy grows the logits without end until, in float32, the
    softmax of the right class is 1 exactly and the gradient 0 ("softmax collapse"): a model without weight decay stops
    before it generalises. s grows linearly, so sums of it do not absorb their small terms.

    Source: Prieto, Barsbey, Mediano and Birdal, Grokking at the Edge of Numerical Stability, ICLR 2025. It is computed
    as the softmax of g(x) = sign(x) log(1 + |x|), which the paper proves to be the same. The published code divides by
    1 - x + 1e-30 where x < 0 and leaves the other branch to `torch.where`; in float32 that makes the gradient NaN as
    soon as a logit is exactly 1.

    As x_y grows the loss falls as 1 / x_y and not exponentially, so a sure model has a higher loss than by
    cross-entropy. Costs about three cross-entropies of 10 classes, 0.2 ms a step more on one CPU core (128 examples),
    but some 25 of 1,000 classes, 7 ms, or 4 ms in float32: a logarithm of each logit is slower than the softmax.
    float64 is slow on consumer GPUs, but these are B x C numbers.

    Args:
        precision: of the computation, "float64" as published or "float32". Apple's GPUs have no float64.
        ignore_index: the target of examples that do not count, see `Loss`.
    """

    precision: Precision = "float64"
    ignore_index: int = field(default=IGNORED, kw_only=True)

    def __post_init__(self) -> None:
        one_of("precision", self.precision, get_args(Precision))
        whole_number("ignore_index", self.ignore_index)

    def __call__(self, outputs: Tensor, targets: Tensor, index: Tensor) -> Tensor:
        """The loss of each example, (B,), in the dtype of the outputs but float32 at least. `index` is not looked at.

        Raises ValueError on shapes that do not fit, or where float64 is asked of a device that has none.
        """
        logits = wide(outputs, targets)
        dtype = logits.dtype
        if self.precision == "float64":
            if logits.device.type == "mps":
                raise ValueError('this device has no float64; set the option precision to "float32"')
            logits = logits.double()
        # Both branches are clamped: the one that is not taken must not send NaN back, and at 0 one of them counts.
        growing, falling = torch.log1p(logits.clamp(min=0)), -torch.log1p(-logits.clamp(max=0))
        stable = torch.where(logits >= 0, growing, falling)
        return F.cross_entropy(stable, targets, ignore_index=self.ignore_index, reduction="none").to(dtype)


register(
    Method(
        name="stablemax",
        seam="losses",
        make=StableMax,
        title="StableMax cross-entropy",
        paper="Prieto et al., Grokking at the Edge of Numerical Stability",
        year=2025,
        changes="In the softmax, the exponential gives way to a function that grows linearly and falls as 1 / x.",
        costs="Some 0.2 ms per step of 128 examples and 10 classes on a CPU, 7 ms of 1,000 classes; no memory.",
        helps="On tasks that are fitted long before they are understood (grokking), without weight decay.",
        hurts="In ordinary classification it converges more slowly than cross-entropy.",
    )
)
