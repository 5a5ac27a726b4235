"""What Lightning's checkpoints lack of a fit: random states, and the gradients of an accumulation under way."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch.distributed as dist
from lightning.pytorch import Trainer
from lightning.pytorch.strategies import DDPStrategy, DeepSpeedStrategy, SingleDeviceStrategy

from sooner.integrations._gradients import Gradients, gathered, parameters_of, set_gradients, share
from sooner.integrations._random_states import random_states, set_random_states


def fit_state(trainer: Trainer, accumulating: bool) -> dict[str, Any]:
    """Of all processes, by rank; all must call it. "gradients" is complete on rank 0 alone, which writes checkpoints.

    Args:
        accumulating: whether gradients have been accumulated that no step was made with.
    """
    rank, world = trainer.global_rank, trainer.world_size
    of_ranks: list[Gradients] = []
    if accumulating and _whole(trainer):
        of_ranks = gathered(parameters_of(trainer.optimizers), rank, world)
    elif accumulating:
        warnings.warn(
            f"this checkpoint was saved in the middle of a gradient accumulation, and under "
            f"{type(trainer.strategy).__name__} the gradients so far are not in it: a run that is resumed from it "
            "lacks them in its first step. Save after a batch with which the optimizer has stepped",
            stacklevel=2,
        )
    randoms: list[Any] = [random_states()]
    if world > 1:
        mine, randoms = randoms[0], [None] * world
        dist.all_gather_object(randoms, mine)
    return {"random": randoms, "gradients": of_ranks}


def go_on(trainer: Trainer, state: Mapping[str, Any]) -> bool:
    """Put back what `fit_state` found, where it is there. Returns whether an accumulation is under way."""
    rank, world = trainer.global_rank, trainer.world_size
    of_ranks = state.get("gradients") or []
    if of_ranks:
        set_gradients(parameters_of(trainer.optimizers), share(of_ranks, rank, world))
    randoms = state.get("random") or []
    if len(randoms) == world:
        set_random_states(randoms[rank])
    return bool(of_ranks)


def _whole(trainer: Trainer) -> bool:
    """Whether every process holds its gradients whole."""
    strategy = trainer.strategy
    return isinstance(strategy, SingleDeviceStrategy | DDPStrategy) and not isinstance(strategy, DeepSpeedStrategy)
