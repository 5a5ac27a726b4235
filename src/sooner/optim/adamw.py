"""AdamW: Adam with decoupled weight decay."""

from __future__ import annotations

from types import MappingProxyType

from torch import nn
from torch.optim import Optimizer

from sooner.optim._checks import check_betas, check_positive, check_rates
from sooner.optim._fused import AdamW, chosen
from sooner.optim._groups import NO_REPR, built
from sooner.registry import Method, register


def adamw(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    no_decay: tuple[str, ...] = (),
    fused: bool | None = None,
) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    Args:
        model: whose trainable parameters are optimized.
        lr: peak learning rate, finite and above 0.
        weight_decay: at least 0; times the learning rate, the share of what decays that is lost each step.
        betas: of the running means of the gradient and of its square, each in [0, 1).
        eps: added to the root of the second, above 0.
        no_decay: patterns of names of more parameters that do not decay; see `groups`.
        fused: as of `sgd`.

    Takes no sparse gradients.
    """
    lr, weight_decay = check_rates(lr, weight_decay)
    options = {"betas": check_betas("betas", betas), "eps": check_positive("eps", eps)}
    return built(AdamW, model, lr, weight_decay, no_decay, **options, fused=chosen(AdamW, model, fused))


register(
    Method(
        name="adamw",
        seam="optim",
        make=adamw,
        title="Adam with decoupled weight decay",
        paper="Loshchilov and Hutter, Decoupled Weight Decay Regularization",
        year=2019,
        changes="A step is the running mean of the gradient over the root of that of its square, for each weight.",
        costs="Two tensors of each parameter's size, and one fused pass over the parameters.",
        helps="Nearly everywhere with little tuning, most for transformers and embeddings.",
        hurts="Small image networks, where SGD with a searched learning rate often ends higher.",
        exempt=NO_REPR,
        example=MappingProxyType({"lr": 0.01}),
    )
)
