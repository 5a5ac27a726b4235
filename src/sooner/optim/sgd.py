"""SGD: stochastic gradient descent with momentum."""

from __future__ import annotations

from types import MappingProxyType

from torch import nn
from torch.optim import Optimizer

from sooner.optim._checks import check_nesterov, check_rates
from sooner.optim._fused import SGD, chosen
from sooner.optim._groups import NO_REPR, built
from sooner.registry import Method, register


def sgd(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
    nesterov: bool = True,
    no_decay: tuple[str, ...] = (),
    fused: bool | None = None,
) -> Optimizer:
    """Stochastic gradient descent with momentum, by default Nesterov's (Sutskever et al., 2013).

    Args:
        model: whose trainable parameters are optimized.
        lr: peak learning rate, finite and above 0.
        weight_decay: at least 0, added to the gradient of what decays; see `groups`.
        momentum: in [0, 1).
        nesterov: look ahead by the momentum; needs a momentum above 0.
        no_decay: patterns of names of more parameters that do not decay; see `groups`.
        fused: None takes torch's fused kernel where it can, False never does, True raises ValueError where a
            parameter's device or dtype has none. On a CPU it is three times as fast as torch's default or faster.

    Takes sparse gradients of what does not decay, without the fused kernel.
    """
    lr, weight_decay = check_rates(lr, weight_decay)
    nesterov, momentum = check_nesterov(nesterov, momentum)
    options = {"momentum": momentum, "nesterov": nesterov, "fused": chosen(SGD, model, fused)}
    return built(SGD, model, lr, weight_decay, no_decay, **options)


register(
    Method(
        name="sgd",
        seam="optim",
        make=sgd,
        title="Stochastic gradient descent with momentum",
        paper="Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum in deep learning",
        year=2013,
        changes="A step follows the running sum of the gradients.",
        costs="One tensor of each parameter's size, and one fused pass over the parameters.",
        helps="Convolutional networks on images, with a learning rate that was searched.",
        hurts="Transformers, embeddings and badly scaled layers, where Adam needs less tuning.",
        exempt=NO_REPR,
        example=MappingProxyType({"lr": 0.1}),
    )
)
