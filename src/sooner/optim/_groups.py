"""Parameter groups: weight decay where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from torch import nn
from torch.nn import Parameter
from torch.optim import Optimizer

from sooner._sharded import is_flattened

_SHAPED_NORMS = (nn.LayerNorm, nn.RMSNorm)  # their parameters may have several dimensions; those of the rest have one
NO_REPR = MappingProxyType({"repr": "torch shows an optimizer by its groups"})  # of base optimizers' records


def groups(model: nn.Module, weight_decay: float, no_decay: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Two parameter groups: what decays, and what does not.

    Of at most one dimension, no parameter decays: biases, norms, scales of layers or heads. Nor do those of
    `nn.LayerNorm` and `nn.RMSNorm` over several dimensions. All others decay, unless `no_decay` names them: patterns
    as in a shell, held against the names of `model.named_parameters()`.

    That is the common rule for convolutional networks and language models. Recipes of vision transformers also spare
    what has several dimensions and is no weight of a layer: position embeddings, class tokens, tables of relative
    positions, layer scales of shape (C, 1, 1). What these are called is the model's affair, so they have to be named:
    `no_decay=("*pos_embed", "*cls_token", "*relative_position_bias_table", "*layer_scale")`.

    Each trainable parameter is in exactly one group, shared ones too; frozen ones are in none, and a group without
    parameters is left out.

    Raises:
        TypeError: `no_decay` is not patterns.
        ValueError: nothing is trainable, or a pattern matches no trainable parameter.
    """
    decayed, others = weights_and_others(model, no_decay)
    if not decayed and not others:
        raise ValueError("the model has no trainable parameter: every one has requires_grad=False, or there is none")
    both = [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return [group for group in both if group["params"]]


def weights_and_others(model: nn.Module, no_decay: tuple[str, ...] = ()) -> tuple[list[Parameter], list[Parameter]]:
    """The trainable weights of two dimensions or more, outside norms and not named, and all else that is trainable."""
    if is_flattened(model):
        raise TypeError(
            "FullyShardedDataParallel (FSDP1) makes vectors of the weights, in parts, so which decay and how long they "
            "are cannot be told: shard with fully_shard (FSDP2), then make the optimizer"
        )
    apart = {id(p) for module in model.modules() if isinstance(module, _SHAPED_NORMS) for p in module.parameters()}
    apart |= _named(model, no_decay)
    weights: list[Parameter] = []
    others: list[Parameter] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (others if parameter.ndim <= 1 or id(parameter) in apart else weights).append(parameter)
    return weights, others


def _named(model: nn.Module, no_decay: tuple[str, ...]) -> set[int]:
    """The ids of the trainable parameters that a pattern matches, by any of their names."""
    if not isinstance(no_decay, tuple | list) or not all(isinstance(pattern, str) for pattern in no_decay):
        raise TypeError(f"no_decay must be patterns of names, as in ('*pos_embed', '*.bias'), not {no_decay!r}")
    places: set[int] = set()
    every = [(name, p) for name, p in model.named_parameters(remove_duplicate=False) if p.requires_grad]
    for pattern in no_decay:
        matched = {id(parameter) for name, parameter in every if fnmatchcase(name, pattern)}
        if not matched:
            names = ", ".join(name for name, _ in every)
            raise ValueError(f"no_decay has {pattern!r}, which matches no trainable parameter; there are: {names}")
        places |= matched
    return places


def built(
    kind: Callable[..., Optimizer],
    model: nn.Module,
    lr: float,
    weight_decay: float,
    no_decay: tuple[str, ...],
    **options: Any,
) -> Optimizer:
    """An optimizer over `groups(model, weight_decay, no_decay)`."""
    return kind(groups(model, weight_decay, no_decay), lr=lr, **options)
