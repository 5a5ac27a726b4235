"""AdaGrad: each weight's learning rate falls with the gradients that it has seen."""

from __future__ import annotations

from types import MappingProxyType

from torch import nn
from torch.optim import Optimizer

from sooner.optim._checks import check_positive, check_rates
from sooner.optim._fused import Adagrad, chosen
from sooner.optim._groups import NO_REPR, built
from sooner.registry import Method, register


def adagrad(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.0,
    eps: float = 1e-10,
    no_decay: tuple[str, ...] = (),
    fused: bool | None = None,
) -> Optimizer:
    """AdaGrad, torch's: v += g^2, w -= lr g / (sqrt(v) + eps), each weight by itself.

    Source: Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization,
    JMLR 2011. The optimizer that AdAdaGrad grows batches for.

    Args:
        model: whose trainable parameters are optimized.
        lr: peak learning rate, finite and above 0; the first step moves every weight by it.
        weight_decay: at least 0, added to the gradient of what decays; see `groups`.
        eps: added to the root, above 0.
        no_decay: patterns of names of more parameters that do not decay; see `groups`.
        fused: as of `sgd`.

    Takes sparse gradients of what does not decay, without the fused kernel.
    """
    lr, weight_decay = check_rates(lr, weight_decay)
    eps = check_positive("eps", eps)
    return built(Adagrad, model, lr, weight_decay, no_decay, eps=eps, fused=chosen(Adagrad, model, fused))


register(
    Method(
        name="adagrad",
        seam="optim",
        make=adagrad,
        title="AdaGrad",
        paper="Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
        year=2011,
        changes="A step is the gradient over the root of the sum of all its squares, for each weight.",
        costs="One tensor of each parameter's size.",
        helps="Convex problems and rare features; with a growing batch, as AdAdaGrad has it.",
        hurts="Long runs of deep networks: the learning rate only falls.",
        exempt=NO_REPR,
        example=MappingProxyType({"lr": 0.05}),
    )
)
