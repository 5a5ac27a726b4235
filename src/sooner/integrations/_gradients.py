"""The gradients of an accumulation that is under way: no framework's checkpoint has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
import torch.distributed as dist
from torch import Tensor
from torch.optim import Optimizer

Gradients = list[Tensor | None]


def parameters_of(optimizers: Iterable[Optimizer]) -> list[Tensor]:
    """All that these optimizers step, in their order."""
    return [parameter for each in optimizers for group in each.param_groups for parameter in group["params"]]


def gradients(parameters: Iterable[Tensor]) -> Gradients:
    """Copies of their gradients, on the CPU; None where there is none."""
    return [None if one.grad is None else one.grad.detach().to("cpu", copy=True) for one in parameters]


def set_gradients(parameters: Iterable[Tensor], saved: Gradients) -> None:
    """Put gradients back as they were. Raises ValueError if they are of other parameters."""
    parameters = list(parameters)
    shapes = [None if one is None else tuple(one.shape) for one in saved]
    fits = len(shapes) == len(parameters) and all(
        shape in (None, tuple(one.shape)) for shape, one in zip(shapes, parameters, strict=True)
    )
    if not fits:
        raise ValueError(
            f"the checkpoint holds accumulated gradients of {len(shapes)} parameters, which do not fit the "
            f"{len(parameters)} that the optimizers have: resume with the model and optimizers that saved it"
        )
    for parameter, one in zip(parameters, saved, strict=True):
        parameter.grad = None if one is None else one.to(parameter.device, parameter.dtype, copy=True)


def share(of_ranks: Sequence[Gradients], rank: int, world: int) -> Gradients:
    """What process `rank` of `world` goes on with, where each of `len(of_ranks)` processes had accumulated its own.

    Its own where they are as many as before. Else the mean of all, since that is what would have come of them when
    the step was made: gradients are averaged over processes.
    """
    if len(of_ranks) == world:
        return of_ranks[rank]
    return [_mean(one) for one in zip(*of_ranks, strict=True)]


def _mean(ones: Sequence[Tensor | None]) -> Tensor | None:
    there = [one for one in ones if one is not None]
    return torch.stack(there).sum(0) / len(ones) if there else None


def gathered(parameters: Iterable[Tensor], rank: int, world: int) -> list[Gradients]:
    """The gradients of every process, on rank 0 alone, else none; all processes must call it.

    They travel one parameter at a time: an accelerator holds no more than `world` copies of the largest.
    """
    parameters = list(parameters)
    if world == 1:
        return [gradients(parameters)]
    there: list[list[bool]] = [[] for _ in range(world)]
    dist.all_gather_object(there, [one.grad is not None for one in parameters])
    of_ranks: list[Gradients] = [[] for _ in range(world if rank == 0 else 0)]
    for number, one in enumerate(parameters):
        has = [each[number] for each in there]
        received = _received(one, rank, world) if any(has) else []
        for place, each in enumerate(of_ranks):
            each.append(received[place].cpu() if has[place] else None)
    return of_ranks


def _received(parameter: Tensor, rank: int, world: int) -> list[Tensor]:
    own = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.detach().contiguous()
    everyones = [torch.empty_like(own) for _ in range(world)] if rank == 0 else None
    dist.gather(own, everyones, dst=0)
    return everyones or []
