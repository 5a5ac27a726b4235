"""AdaGrad-Norm: one learning rate for all weights, which falls with the gradients seen."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.nn.utils import get_total_norm
from torch.optim import Optimizer

from sooner.optim._checks import as_real, check_positive, check_rates, with_gradients
from sooner.optim._groups import NO_REPR, built
from sooner.registry import Method, register


class AdaGradNorm(Optimizer):
    """v += ||g||^2 over all parameters together, then w -= lr g / sqrt(v).

    Source: Ward, Wu and Bottou, AdaGrad Stepsizes: Sharp Convergence over Nonconvex Landscapes, ICML 2019,
    algorithm 1; the optimizer of AdAdaGrad-Norm (Lau, Liu and Kolar, 2024). The sum starts at `start` squared, b_0
    of the paper, and is a float32 tensor (float64 for float64 parameters) that every group holds as `norm_squared`.

    Args:
        params: parameters, or groups of them, as of every optimizer of torch.
        lr: learning rate, finite and above 0: the first step has this length, less what `start` takes.
        weight_decay: at least 0, added to the gradient before its norm is taken.
        start: what the norm starts at, above 0.

    Costs no memory but one number, and two passes over the gradients. Takes no sparse gradients.
    """

    def __init__(self, params: Any, lr: float, weight_decay: float = 0.0, start: float = 1e-4) -> None:
        lr, weight_decay = check_rates(lr, weight_decay)
        start = check_positive("start", start)
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "start": start})
        for group in self.param_groups:
            group.setdefault("norm_squared", torch.tensor(start * start))

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step. Returns what `closure` does, which is called first if given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        moved = []
        for group in self.param_groups:
            parameters, gradients = (list(map(as_real, tensors)) for tensors in with_gradients(group, "adagrad-norm"))
            if group["weight_decay"] and parameters:
                gradients = list(torch._foreach_add(gradients, parameters, alpha=group["weight_decay"]))
            moved.append((group, parameters, gradients))
        every = [gradient for _, _, gradients in moved for gradient in gradients]
        if not every:
            return loss
        norm = get_total_norm(every)
        wide = torch.float64 if norm.dtype == torch.float64 else torch.float32
        # All groups hold one and the same sum, so that it outlives any of them; the first of them tells.
        total = self.param_groups[0]["norm_squared"].to(norm.device, wide) + norm.to(wide) ** 2
        for group, parameters, gradients in moved:
            group["norm_squared"] = total
            if parameters:
                scale = (-group["lr"] / total.sqrt()).to(gradients[0].dtype)
                torch._foreach_add_(parameters, list(torch._foreach_mul(gradients, scale)))
        return loss


def adagrad_norm(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.0,
    start: float = 1e-4,
    no_decay: tuple[str, ...] = (),
) -> Optimizer:
    """AdaGrad-Norm, `AdaGradNorm` over the model's trainable parameters.

    Source: Ward, Wu and Bottou, AdaGrad Stepsizes: Sharp Convergence over Nonconvex Landscapes, ICML 2019.

    Args:
        model: whose trainable parameters are optimized.
        lr: peak learning rate, finite and above 0; about the length of the first step.
        weight_decay: at least 0, added to the gradient of what decays; see `groups`.
        start: what the norm of the gradients seen starts at, above 0.
        no_decay: patterns of names of more parameters that do not decay; see `groups`.
    """
    lr, weight_decay = check_rates(lr, weight_decay)
    return built(AdaGradNorm, model, lr, weight_decay, no_decay, start=start)


register(
    Method(
        name="adagrad-norm",
        seam="optim",
        make=adagrad_norm,
        title="AdaGrad-Norm",
        paper="Ward, Wu and Bottou, AdaGrad Stepsizes: Sharp Convergence over Nonconvex Landscapes",
        year=2019,
        changes="A step is the gradient over the root of the sum of all squared gradient norms.",
        costs="One number, and two passes over the gradients.",
        helps="When the smoothness and noise are unknown: no schedule is needed; with AdAdaGrad's growing batch.",
        hurts="Networks whose layers need different rates, and long runs: the rate only falls.",
        exempt=NO_REPR,
        example=MappingProxyType({"lr": 0.5}),
    )
)
