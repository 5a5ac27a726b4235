"""Muon: hidden weights move by the orthogonalised momentum, the rest by AdamW."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from torch import nn
from torch.nn import Parameter
from torch.optim import Optimizer

from sooner._arguments import number, whole_number
from sooner.optim._checks import check_betas, check_flag, check_positive, check_rates, check_share
from sooner.optim._extra import packaged
from sooner.optim._groups import NO_REPR, weights_and_others
from sooner.registry import Method, register


def muon(
    model: nn.Module,
    *,
    lr: float,
    weight_decay: float = 0.0,
    momentum: float = 0.95,
    nesterov: bool = True,
    newton_schulz_steps: int = 5,
    adamw_lr: float = 3e-4,
    adamw_weight_decay: float = 0.0,
    adamw_betas: tuple[float, float] = (0.9, 0.95),
    adamw_eps: float = 1e-10,
    others: tuple[str, ...] | None = None,
) -> Optimizer:
    """Muon, `pytorch_optimizer.Muon` with the gradients left as they were.

    For each hidden weight W of two dimensions or more, seen as a matrix of its first dimension by all others:
    M = momentum M + (1 - momentum) G; U = momentum M + (1 - momentum) G with Nesterov, else M; five Newton-Schulz
    steps in bfloat16 turn U into nearly the closest orthogonal matrix O; W -= lr (weight_decay W + sqrt(max(1,
    rows / columns)) O). Everything else moves by AdamW at its own rate.

    Source: Jordan, Jin, Boza, You, Cesista, Newhouse and Bernstein, Muon: An optimizer for hidden layers in neural
    networks, 2024. By its convention the input and the output layer are not hidden: embeddings, or where there is none
    the first weight, and the last weight, in the order in which the model registers them. `prepare_muon_parameters` of
    the package keeps back only embeddings and what has "head" in its name.

    Args:
        model: whose trainable parameters are optimized.
        lr: peak learning rate of the hidden weights, finite and above 0.
        weight_decay: of the hidden weights, decoupled, at least 0.
        momentum: in [0, 1).
        nesterov: look ahead by the momentum.
        newton_schulz_steps: at least 1.
        adamw_lr, adamw_weight_decay, adamw_betas, adamw_eps: of everything else, as for `adamw`; biases and norms do
            not decay.
        others: names of the weights that AdamW moves, as patterns ("embed*", "head.weight"), in place of the first and
            the last; embeddings are not spared unless named. Each pattern must match a weight.

    Raises ValueError where no hidden weight is left, ImportError without the extra `optim`. Costs one tensor of each
    hidden weight's size, two of each other parameter's; a step multiplies matrices 15 times per hidden weight.
    """
    lr, weight_decay = check_rates(lr, weight_decay)
    momentum, nesterov = check_share("momentum", momentum), check_flag("nesterov", nesterov)
    adamw_lr, adamw_eps = check_positive("adamw_lr", adamw_lr), check_positive("adamw_eps", adamw_eps)
    adamw_betas = check_betas("adamw_betas", adamw_betas)
    adamw_weight_decay = number("adamw_weight_decay", adamw_weight_decay, least=0)
    newton_schulz_steps = whole_number("newton_schulz_steps", newton_schulz_steps, least=1)
    if not isinstance(others, tuple | list | None):
        raise TypeError(f"others must be patterns of names, as in ['head.*'], or null, not {others!r}")
    weights, small = weights_and_others(model)
    if any(weight.is_complex() for weight in weights):
        raise TypeError("muon orthogonalises real weights, and the model has complex ones; take adamw")
    outer = _outer(model, weights) if others is None else _named(model, weights, others)
    hidden = [weight for weight in weights if id(weight) not in outer]
    if not hidden:
        raise ValueError(
            f"muon moves the weights between the first and the last layer, and of this model's {len(weights)} none is "
            "left; take adamw, or name the weights that AdamW moves in others"
        )
    adam = {"lr": adamw_lr, "betas": adamw_betas, "eps": adamw_eps, "use_muon": False}
    parts: list[dict[str, Any]] = [
        {"params": hidden, "lr": lr, "weight_decay": weight_decay, "use_muon": True},
        {"params": [w for w in weights if id(w) in outer], "weight_decay": adamw_weight_decay, **adam},
        {"params": small, "weight_decay": 0.0, **adam},
    ]
    made: Optimizer = packaged("muon").Muon(
        [part for part in parts if part["params"]], momentum=momentum, nesterov=nesterov, ns_steps=newton_schulz_steps
    )
    return made


def _outer(model: nn.Module, weights: list[Parameter]) -> set[int]:
    """The ids of the input's and the output's weights."""
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding | nn.EmbeddingBag)}
    tied = any(id(m.weight) in embeddings for m in model.modules() if isinstance(m, nn.Linear))
    others = [id(weight) for weight in weights if id(weight) not in embeddings]
    first = [] if embeddings else others[:1]
    last = [] if tied else others[-1:]  # an output layer that shares the embedding's weight is one already
    return {*embeddings, *first, *last}


def _named(model: nn.Module, weights: list[Parameter], patterns: tuple[str, ...]) -> set[int]:
    """The ids of the weights that a pattern matches."""
    hidden = {id(weight) for weight in weights}
    names = {name: id(parameter) for name, parameter in model.named_parameters() if id(parameter) in hidden}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ValueError(f"others has {pattern!r}, which matches no weight; there are: {', '.join(names)}")
    return {at for name, at in names.items() if any(fnmatchcase(name, pattern) for pattern in patterns)}


register(
    Method(
        name="muon",
        seam="optim",
        make=muon,
        title="Muon, momentum orthogonalised by Newton-Schulz",
        paper="Jordan et al., Muon: An optimizer for hidden layers in neural networks",
        year=2024,
        changes="The step of a hidden weight matrix has all its singular values near one; other parameters use AdamW.",
        costs="Fifteen matrix products per hidden weight and step in bfloat16, memory of SGD for these.",
        helps="Hidden layers of transformers and convolutional networks, at batches large enough to hide its cost.",
        hurts="Small batches, and processors without fast bfloat16, where a step may cost more than the gradient.",
        extra="optim",
        exempt=NO_REPR,
        example=MappingProxyType({"lr": 0.02}),
    )
)
