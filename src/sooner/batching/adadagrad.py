"""AdAdaGrad: steps grow when the norm test finds their gradient too noisy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor

from sooner._arguments import one_of, share, whole_number
from sooner._sharded import is_sharded
from sooner.batching._base import Batching
from sooner.batching._spread import Estimate, Spread
from sooner.registry import Method, register
from sooner.seams import Use

Variant = Literal["norm", "coordinate"]
Coupling = Literal["constant", "linear", "sqrt"]

_LARGEST = 32  # times batch_size
_EXPONENTS = {"constant": 0.0, "sqrt": 0.5, "linear": 1.0}


class AdAdaGrad(Batching):
    """Takes more examples together as soon as a step's gradient g_B is more noise than `eta` allows.

    With b examples in the step and Var_hat the variance of the gradient from one example to the next, summed over its
    coordinates (`Spread` has the formula), the test is

        Var_hat / b <= eta^2 |g_B|^2.

    Where it fails, the next steps have the first size of the ladder that is at least ceil(Var_hat / (eta^2 |g_B|^2)).
    The ladder is batch_size times 1, 2, 4, ... and, at its end, `largest`. Sizes never shrink, and once the
    largest is reached nothing is tested any more. As |g_B|^2 has the noise in it, one test asks for about b / eta^2
    examples at most.

    The variant "coordinate" holds every coordinate j to its own test, Var_hat_j / b <= eta^2 g_j^2, as the convergence
    of AdaGrad with a step size per coordinate needs it; the largest size that one of them asks for is taken. Among
    many coordinates some g_j is always close to 0: networks are sent to `largest` by the first test.

    Source: Lau, Liu and Kolar, AdAdaGrad: Adaptive Batch Size Schemes for Adaptive Gradient Methods, 2024,
    arXiv:2402.11215. The update is the optimizer's: AdaGrad, with one step size for all coordinates in AdAdaGradNorm;
    the test goes with any. The published code computes the gradient of every example in each tested step; here
    micro-batches do, which costs less and estimates the same without bias. Its variance over several processes or
    micro-batches is that of the parts plus the *biased* variance between them, a little too small, and it takes sizes
    as they come instead of from a ladder; it has no test of single coordinates.

    A tested step runs its micro-batches one after the other, every `every` steps. The test adds a few operations on
    vectors as long as all parameters, and holds one such vector, or two for "coordinate", beside the gradient of the
    micro-batch and the sum of these; several processes sum it.
    Batch norm then normalises over micro-batches, and what it adds to the noise is counted as the examples'.

    Args:
        batch_size: see `Batching`; the size of the first steps.
        eta: the noise allowed, as a share of the gradient's norm, above 0 and at most 1. The published code has 0.1
            to 0.5; smaller grows sooner.
        every: steps from one test to the next, at least 1.
        micro_batches: of a tested step, on each rank, at least 2. 1 example in each gives the published estimate;
            fewer than 4 parts a rough one.
        largest: examples of a step at most, over all ranks, a multiple of `batch_size`; None for 32 times that.
        variant: "norm" or "coordinate".
        lr: how the learning rate follows the size: "constant" (as published), or times (size / batch_size) to the
            power of 1, "linear", or 1/2, "sqrt".

    Attributes:
        asked: the examples that the last test asked for, before rounding; None before the first. May be infinite.

    Raises:
        ValueError: a value is out of range, or `largest` is no multiple of `batch_size`.
    """

    def __init__(
        self,
        batch_size: int,
        *,
        eta: float = 0.5,
        every: int = 10,
        micro_batches: int = 4,
        largest: int | None = None,
        variant: Variant = "norm",
        lr: Coupling = "constant",
    ) -> None:
        super().__init__(batch_size)
        self.eta = share("eta", eta)
        self.every = whole_number("every", every, least=1)
        self.micro_batches = whole_number("micro_batches", micro_batches, least=2)
        self.largest = None if largest is None else whole_number("largest", largest, least=self.batch_size)
        self.variant = one_of("variant", variant, ("norm", "coordinate"))
        self.lr = one_of("lr", lr, tuple(_EXPONENTS))
        most, left = divmod(self.largest or _LARGEST * self.batch_size, self.batch_size)
        if left:
            raise ValueError(f"largest must be a multiple of batch_size, {self.batch_size}, not {self.largest}")
        self._ladder = (*(2**rung for rung in range((most - 1).bit_length())), most)
        self._batches = 1
        self._waited = 0  # steps since the last test
        self.asked: float | None = None
        self._spread = self._fresh()

    @property
    def batches(self) -> int:
        """1, 2, 4, ... or what makes `largest`."""
        return self._batches

    @property
    def lr_scale(self) -> float:
        """That of the next step, as `lr_scale_of` has it."""
        return self.lr_scale_of(self._batches)

    def lr_scale_of(self, batches: int) -> float:
        """(size / batch_size) to the power that `lr` names."""
        return float(batches ** _EXPONENTS[self.lr])

    @property
    def parts(self) -> int:
        """`micro_batches` before a step that is tested, else 0."""
        due = self._waited + 1 >= self.every and self._batches < self._ladder[-1]
        return self.micro_batches if due else 0

    def observe(self, gradient: Tensor, examples: int) -> None:
        """See `Batching`. A rank without an example in the step passes `examples` 0 and any gradient of that length."""
        if is_sharded(gradient):
            raise TypeError(
                "AdAdaGrad compares the gradients of the processes, and this one is sharded by fully_shard (FSDP2), "
                "which has averaged them already: train with DistributedDataParallel, or without AdAdaGrad"
            )
        if gradient.ndim != 1 or not gradient.is_floating_point():
            raise ValueError(
                f"a gradient is one vector (d,) of floating point over all parameters, not {gradient.dtype} of shape "
                f"{tuple(gradient.shape)}"
            )
        examples = whole_number("examples", examples, least=0)
        if self.parts:
            self._spread.add(gradient.detach(), examples)

    def step(self, progress: float) -> None:
        """Test, where it is due. Raises RuntimeError where no gradient was observed then."""
        if not self.parts:
            self._waited += 1
            return
        estimate = self._spread.estimate()
        self._spread = self._fresh()
        if estimate is None:  # a step too small to split: the next one is tested
            return
        self._waited = 0
        self.asked = self._wanted(estimate)
        if self.asked > self.size:  # never of NaN, where training has diverged
            rungs = (rung for rung in self._ladder if rung * self.batch_size >= self.asked)
            self._batches = next(rungs, self._ladder[-1])
        self._agree(estimate.gradient.device)

    def _wanted(self, estimate: Estimate) -> float:
        squared = estimate.gradient.square()
        if self.variant == "norm":
            squared = squared.sum()
        # Without noise nothing is asked for, not even where the gradient is 0.
        sizes = (estimate.variance / (self.eta**2 * squared)).masked_fill(estimate.variance == 0, 0.0)
        asked = float(sizes.max())
        return float(math.ceil(asked)) if math.isfinite(asked) else asked

    def _agree(self, device: torch.device) -> None:
        # Sums over ranks need not be the same to the last bit everywhere; whole numbers are.
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            agreed = torch.tensor(self._batches, device=device)
            torch.distributed.all_reduce(agreed, torch.distributed.ReduceOp.MAX)
            self._batches = int(agreed)

    def _fresh(self) -> Spread:
        return Spread(coordinates=self.variant == "coordinate")

    def _progressed(self) -> dict[str, Any]:
        return {"batches": self._batches, "waited": self._waited, "asked": self.asked}

    def _go_on(self, state: Mapping[str, Any]) -> None:
        batches = whole_number("batches of the state", state["batches"], least=1)
        if batches not in self._ladder:
            raise ValueError(f"batches of the state must be one of {self._ladder}, not {batches}")
        self._batches = batches
        self._waited = whole_number("waited of the state", state["waited"], least=0)
        self.asked = state["asked"]
        self._spread = self._fresh()


register(
    Method(
        name="adadagrad",
        seam="batching",
        make=AdAdaGrad,
        title="AdAdaGrad, the norm test for the batch size",
        paper="Lau et al., AdAdaGrad: Adaptive Batch Size Schemes for Adaptive Gradient Methods",
        year=2024,
        changes="Steps take more examples, never fewer again, once their gradient is more noise than allowed.",
        costs="One step in ten runs in four parts, one after the other, and holds a few vectors as long as all "
        "parameters.",
        helps="Where large batches cost less per example, as on an accelerator, and small ones learn faster at first.",
        hurts="Where the device is full with small batches already: fewer updates for the same examples.",
        refuses=MappingProxyType({"optim/sso": "it has to see gradients before the step, SSO makes them inside it"}),
        exempt=MappingProxyType({"accumulation": "its test looks at micro-batches, and accumulation makes other ones"}),
        example=MappingProxyType({"eta": 0.5, "every": 2, "micro_batches": 2}),
        use=Use(
            name="batching",
            imports=("from sooner.batching import joined, observe_parts", "from sooner.optim import set_lr"),
            setup=("each = lambda outputs, targets: cross_entropy(outputs, targets, reduction='none')",),
            batches="joined(loader, batching)",
            begin=("set_lr(optimizer, batching.lr_scale)  # times the schedule's factor, if you have one",),
            backward=("observe_parts(batching, model, batch, each)  # the gradient, and those of its parts",),
            end=("batching.step(epoch / epochs)",),  # which is not looked at, and steps differ in length
        ),
    )
)
