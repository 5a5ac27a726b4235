"""LAMB: Adam whose step of each layer is as long as the layer's weights, times the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from sooner.optim._checks import (
    as_real,
    by_device,
    check_betas,
    check_flag,
    check_positive,
    check_rates,
    with_gradients,
)
from sooner.optim._groups import NO_REPR, groups, weights_and_others
from sooner.registry import Method, register


class Lamb(Optimizer):
    """m and v as Adam's, bias corrected; r = m / (sqrt(v) + eps) + weight_decay w; w -= lr ||w|| / ||r|| r per tensor.

    Source: You, Li, Reddi, Hseu, Kumar, Bhojanapalli, Song, Demmel, Keutzer and Hsieh, Large Batch Optimization for
    Deep Learning: Training BERT in 76 minutes, ICLR 2020, algorithm 2, with phi the identity: the ratio is 1 where a
    norm is 0, and is not clipped. As in the authors' code, biases and norms (groups with `adapt=False`) neither decay
    nor scale: their step is Adam's.

    Other code differs. The authors' later version and `pytorch_optimizer.Lamb` leave out the bias corrections of m and
    v inside r; the latter still divides the learning rate by that of m, which makes its first step 1 / (1 - beta1), ten
    times, too long, clips ||w|| at 10, and by default keeps the decay out of the ratio.

    Args:
        params: parameters, or groups of them; a group may set `adapt`.
        lr: learning rate, finite and above 0: the share of its own length that each tensor moves by in a step.
        weight_decay: at least 0; part of the direction, so it turns the step and does not lengthen it.
        betas: of the running means of the gradient and of its square, each in [0, 1).
        eps: added to the root of the second, above 0.
        adapt: scale steps by the ratio.

    Of complex numbers both parts are values by themselves. Memory as Adam's. Takes no sparse gradients.
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        adapt: bool = True,
    ) -> None:
        lr, weight_decay = check_rates(lr, weight_decay)
        betas, eps = check_betas("betas", betas), check_positive("eps", eps)
        adapt = check_flag("adapt", adapt)
        defaults = {"lr": lr, "weight_decay": weight_decay, "betas": betas, "eps": eps, "adapt": adapt}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step. Returns what `closure` does, which is called first if given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameters in by_device(with_gradients(group, "lamb")[0]):
                self._move(group, parameters)
        return loss

    def _move(self, group: dict[str, Any], parameters: list[torch.Tensor]) -> None:
        gradients = [as_real(parameter.grad) for parameter in parameters if parameter.grad is not None]
        beta1, beta2 = group["betas"]
        for parameter in parameters:
            state = self.state[parameter]
            if "exp_avg" not in state:
                state["step"] = 0
                state["exp_avg"] = torch.zeros_like(parameter)
                state["exp_avg_sq"] = torch.zeros_like(parameter)
            state["step"] += 1
        states = [self.state[parameter] for parameter in parameters]
        means = [as_real(state["exp_avg"]) for state in states]
        squares = [as_real(state["exp_avg_sq"]) for state in states]
        parameters = [as_real(parameter) for parameter in parameters]
        torch._foreach_lerp_(means, gradients, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - beta2)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_div_(roots, [(1 - beta2 ** state["step"]) ** 0.5 for state in states])
        torch._foreach_add_(roots, group["eps"])
        directions = list(torch._foreach_div(means, roots))
        torch._foreach_div_(directions, [1 - beta1 ** state["step"] for state in states])
        if group["weight_decay"]:
            torch._foreach_add_(directions, parameters, alpha=group["weight_decay"])
        if group["adapt"]:
            torch._foreach_mul_(directions, _ratios(parameters, directions))
        torch._foreach_add_(parameters, directions, alpha=-group["lr"])


def _ratios(parameters: list[torch.Tensor], directions: list[torch.Tensor]) -> list[torch.Tensor]:
    """||w|| / ||r|| of each, 1 where either is 0; no value leaves the device."""
    lengths, steps = torch.stack(torch._foreach_norm(parameters)), torch.stack(torch._foreach_norm(directions))
    return list((lengths / steps).where((lengths > 0) & (steps > 0), 1.0).unbind())


def lamb(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-6,
    no_decay: tuple[str, ...] = (),
) -> Optimizer:
    """LAMB, `Lamb` over the model's trainable parameters.

    Source: You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, ICLR 2020.

    Args:
        model: whose trainable parameters are optimized; its biases and norms neither decay nor scale, see `groups`.
        lr: peak learning rate, finite and above 0: the share of its own length that each weight moves by in a step.
        weight_decay: at least 0; it turns the step and does not lengthen it.
        betas: of the running means of the gradient and of its square, each in [0, 1).
        eps: added to the root of the second, above 0.
        no_decay: patterns of names of more parameters that neither decay nor scale; see `groups`.
    """
    lr, weight_decay = check_rates(lr, weight_decay)
    both = groups(model, weight_decay, no_decay)
    decayed = {id(parameter) for parameter in weights_and_others(model, no_decay)[0]}
    for group in both:
        group["adapt"] = id(group["params"][0]) in decayed
    return Lamb(both, lr=lr, betas=betas, eps=eps)


register(
    Method(
        name="lamb",
        seam="optim",
        make=lamb,
        title="LAMB, layer-wise adaptive moments for large batches",
        paper="You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
        year=2020,
        changes="Each layer's step of Adam is scaled to the length of the layer's weights.",
        costs="Memory of Adam; two more norms per tensor and step.",
        helps="Batches of thousands, with warm-up and a learning rate that grows with the root of the batch.",
        hurts="Small batches, where Adam does as well with less to tune.",
        exempt=NO_REPR,
        example=MappingProxyType({"lr": 0.01}),
    )
)
