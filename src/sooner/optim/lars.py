"""LARS: SGD whose step of each layer is as long as a small share of the layer's weights."""

from __future__ import annotations

from types import MappingProxyType

from torch import nn
from torch.optim import Optimizer

from sooner.optim._checks import check_nesterov, check_positive, check_rates
from sooner.optim._extra import packaged
from sooner.optim._groups import NO_REPR, built
from sooner.registry import Method, register


def lars(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
    nesterov: bool = False,
    trust: float = 0.001,
    no_decay: tuple[str, ...] = (),
) -> Optimizer:
    """Layer-wise adaptive rate scaling, `pytorch_optimizer.LARS` with the gradients left as they were.

    Per tensor of two dimensions or more, u = trust ||w|| / (||g|| + weight_decay ||w||) (g + weight_decay w), factor 1
    if ||w|| or the sum is 0; m = momentum m + u; w -= lr m. Biases and other vectors take plain momentum steps, without
    decay or scaling. Norms of several dimensions do not decay but do scale.

    Source: You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks, 2017, algorithm 1. There the
    learning rate is inside the momentum, here outside as in all of torch: the same while it is constant.

    Args:
        model: whose trainable parameters are optimized.
        lr: peak learning rate, finite and above 0; with the default `trust`, of the order 1 to 30.
        weight_decay: at least 0; see `groups` for what decays.
        momentum: in [0, 1).
        nesterov: look ahead by the momentum; needs a momentum above 0.
        trust: eta of the paper, above 0.
        no_decay: patterns of names of more parameters that do not decay, but do scale; see `groups`.

    Raises ImportError without the extra `optim`. Costs one tensor of each parameter's size, and two more norms and one
    copy of the gradients per step.
    """
    lr, weight_decay = check_rates(lr, weight_decay)
    nesterov, momentum = check_nesterov(nesterov, momentum)
    options = {"momentum": momentum, "nesterov": nesterov, "trust_coefficient": check_positive("trust", trust)}
    return built(packaged("lars").LARS, model, lr, weight_decay, no_decay, **options)


register(
    Method(
        name="lars",
        seam="optim",
        make=lars,
        title="LARS, layer-wise adaptive rate scaling",
        paper="You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks",
        year=2017,
        changes="Each layer's gradient is scaled to a share of the length of the layer's weights.",
        costs="Memory of SGD with momentum; two more norms per tensor and a copy of the gradients per step.",
        helps="Convolutional networks at batches of thousands, with warm-up.",
        hurts="Small batches, where SGD does as well with less to tune.",
        extra="optim",
        exempt=NO_REPR,
        example=MappingProxyType({"lr": 5.0}),
    )
)
