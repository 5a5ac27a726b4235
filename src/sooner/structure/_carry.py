"""What belongs to a parameter becomes smaller with it: its gradient, and its state in the optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from sooner.structure._errors import StructureError

Kept = Mapping[int, Tensor]  # positions that stay, by dimension


def sliced(tensor: Tensor, kept: Kept) -> Tensor:
    """A copy of `tensor` with only those positions, in the same memory format; no gradient flows through."""
    result = tensor.detach()
    for dim, index in kept.items():
        result = result.index_select(dim, index.to(tensor.device))
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    last = formats.get(tensor.ndim)
    # By strides: a kernel of 1x1 pixels counts as contiguous in both formats, and convolutions look at the strides.
    if last is not None and tensor.stride() == torch.empty(tensor.shape, device="meta", memory_format=last).stride():
        return torch.empty_like(result, memory_format=last).copy_(result)
    return result.contiguous()


def shrink(tensor: Tensor, kept: Kept) -> None:
    """Make `tensor`, a parameter or buffer, smaller, and its gradient if it has one; it stays the same object.

    So every reference to it stays good: those of modules, optimizers, averages of the weights, hooks.
    """
    smaller = sliced(tensor, kept)
    gradient = None if tensor.grad is None else sliced(tensor.grad, kept)
    tensor.grad = None
    # Autograd keeps a node for each parameter while a graph that uses it is alive, as that of the last loss is, and
    # the node knows the old shape. It is dropped only where the type of the data changes.
    other = torch.float16 if tensor.dtype != torch.float16 else torch.float32
    tensor.data = torch.empty(0, dtype=other, device=tensor.device)
    tensor.data = smaller
    tensor.grad = gradient


def states(optimizer: Optimizer) -> list[MutableMapping[Any, Any]]:
    """The state of `optimizer`, and that of every optimizer inside it, each once."""
    by_id: dict[int, MutableMapping[Any, Any]] = {}
    for one in _all_in(optimizer, set()):
        by_id[id(one.state)] = one.state
    return list(by_id.values())


def _all_in(optimizer: Optimizer, seen: set[int]) -> Iterator[Optimizer]:
    if id(optimizer) not in seen:
        seen.add(id(optimizer))
        yield optimizer
        for inner in list(vars(optimizer).values()):
            if isinstance(inner, Optimizer):
                yield from _all_in(inner, seen)


def check_state(name: str, parameter: Tensor, state: Mapping[str, Any]) -> None:
    """Raise StructureError where something in a parameter's state cannot become smaller with it."""
    for key, value in state.items():
        if isinstance(value, Tensor):
            fits = value.numel() <= 1 or _along(parameter.shape, value)
        else:
            several = value.values() if isinstance(value, Mapping) else value
            fits = not isinstance(several, list | tuple | set) or not any(isinstance(v, Tensor) for v in several)
            fits = fits and not isinstance(value, Mapping)
        if not fits:
            what = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
            raise StructureError(
                f"the optimizer's state '{key}' of '{name}' is {what}: only numbers and tensors of the parameter's "
                f"shape {tuple(parameter.shape)}, or with sizes of 1 in it, can be made smaller with it; use SGD, Adam "
                "or another such optimizer"
            )


def shrink_state(shape: torch.Size, state: MutableMapping[str, Any], kept: Kept) -> None:
    """Make what has the `shape` of a parameter in its state smaller, in the same mapping; numbers stay.

    Dimensions of size 1 stay too: Adafactor's second moments have one of them for each dimension that they sum over.
    """
    for key, value in state.items():
        if isinstance(value, Tensor) and value.numel() > 1 and _along(shape, value):
            state[key] = sliced(value, {dim: index for dim, index in kept.items() if value.shape[dim] == shape[dim]})


def _along(shape: torch.Size, value: Tensor) -> bool:
    return value.ndim == len(shape) and all(mine in (1, size) for mine, size in zip(value.shape, shape, strict=True))
