"""Weights of which each process holds a part: FSDP, and tensor parallelism."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn


def is_sharded(tensor: object) -> bool:
    """Whether it is a `DTensor`, which `fully_shard` (FSDP2) and tensor parallelism make of weights and gradients."""
    module = sys.modules.get("torch.distributed.tensor")  # whoever has one has loaded it, and loading it takes long
    return module is not None and isinstance(tensor, module.DTensor)


def is_flattened(model: nn.Module) -> bool:
    """Whether FullyShardedDataParallel (FSDP1) is in it, which makes vectors of the weights, in parts."""
    module: Any = sys.modules.get("torch.distributed.fsdp")
    return module is not None and any(isinstance(each, module.FullyShardedDataParallel) for each in model.modules())


def sharding(model: nn.Module) -> str | None:
    """What has put parts of the model's weights on several processes, in words; None where each has them whole."""
    if is_flattened(model):
        return "wrapped in FullyShardedDataParallel (FSDP1)"
    if _fsdp2_modules(model):
        return "sharded by fully_shard (FSDP2)"
    if any(map(is_sharded, model.parameters())):
        return "sharded: its parameters are DTensors"
    return None


def refuse_sharded(who: str, model: nn.Module, remedy: str) -> None:
    """Raises TypeError where a process has only parts of the model's weights; `remedy` says what to do instead."""
    found = sharding(model)
    if found is not None:
        raise TypeError(f"{who} needs each weight whole in one process, and the model is {found}: {remedy}")


def reshard(model: nn.Module) -> None:
    """Let FSDP2 drop the whole weights that it has put together for a forward pass, and may have kept.

    They are copies: who reads or writes weights between two passes has to meet the parts, and the next pass what was
    written.
    """
    for module in _fsdp2_modules(model):
        module.reshard()


def parts(tensors: Iterable[Tensor]) -> list[Tensor]:
    """What this process holds of each: itself, or the part of a `DTensor`, in the same memory.

    What acts on every entry by itself acts on the parts alike, and torch has it for them all at once: of a list with
    tensors of both kinds it takes none of its `foreach` operations, of `DTensor`s not each. Inside `no_grad` only.
    """
    several: list[Any] = list(tensors)
    return [tensor.to_local() if is_sharded(tensor) else tensor for tensor in several]


def shard_like(whole: Tensor, like: Tensor) -> Tensor:
    """`whole`, equal on all processes, in the dtype and on the device of `like`, and in parts as it is in parts.

    No process sends anything.
    """
    if not is_sharded(like):
        return whole.to(like)
    from torch.distributed.tensor import distribute_tensor

    sharded: Any = like
    return distribute_tensor(whole.to(sharded.to_local()), sharded.device_mesh, sharded.placements, src_data_rank=None)


def _fsdp2_modules(model: nn.Module) -> list[Any]:
    kind = getattr(sys.modules.get("torch.distributed.fsdp"), "FSDPModule", None)
    return [module for module in model.modules() if isinstance(module, kind)] if kind is not None else []
