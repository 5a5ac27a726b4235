"""Accelerate's checkpoints, with the gradients of an accumulation that is under way."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from weakref import WeakSet

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType

from sooner.integrations._gradients import Gradients, gradients, parameters_of, set_gradients, share
from sooner.integrations._rates import unwrapped

_FILE = "gradients_{}_of_{}.pt"
_ELSEWHERE = (  # gradients are sharded, or held by an engine
    DistributedType.FSDP,
    DistributedType.DEEPSPEED,
    DistributedType.MEGATRON_LM,
    DistributedType.XLA,
)
_kept: WeakSet[Accelerator] = WeakSet()


def keep_gradients(accelerator: Accelerator) -> None:
    """From now on `save_state` keeps accumulated gradients, one file a process, and `load_state` puts them back."""
    if accelerator in _kept:
        return
    _kept.add(accelerator)

    def save(models: Any, weights: Any, folder: str) -> None:
        _save(accelerator, Path(folder))

    def load(models: Any, folder: str) -> None:
        _load(accelerator, Path(folder))

    accelerator.register_save_state_pre_hook(save)
    accelerator.register_load_state_pre_hook(load)


def _save(accelerator: Accelerator, folder: Path) -> None:
    rank, world = accelerator.process_index, accelerator.num_processes
    mine = folder / _FILE.format(rank, world)
    mine.unlink(missing_ok=True)  # of a checkpoint that this one replaces
    if rank == 0:
        for other in _files(folder):
            if _world(other) != world:
                other.unlink()
    if accelerator.sync_gradients:  # no accumulation is under way
        return
    if accelerator.distributed_type in _ELSEWHERE:
        warnings.warn(
            f"this state was saved in the middle of a gradient accumulation, and under {accelerator.distributed_type} "
            "the gradients so far are not in it: a run that is resumed from it lacks them in its first step. Save "
            "where accelerator.sync_gradients is True",
            stacklevel=3,
        )
        return
    torch.save(gradients(_parameters(accelerator)), mine)


def _load(accelerator: Accelerator, folder: Path) -> None:
    if accelerator.distributed_type in _ELSEWHERE:
        return
    parameters, rank, world = _parameters(accelerator), accelerator.process_index, accelerator.num_processes
    mine, files = folder / _FILE.format(rank, world), _files(folder)
    saved: Gradients = [None] * len(parameters)
    if mine.exists():
        saved = _read(mine)
    elif files:
        if len(files) != _world(files[0]):
            raise FileNotFoundError(
                f"{folder} was saved in the middle of a gradient accumulation by {_world(files[0])} processes, and has "
                f"the gradients of {len(files)}: bring all files {_FILE.format('*', _world(files[0]))} there"
            )
        saved = share([_read(file) for file in files], rank, world)
    set_gradients(parameters, saved)
    accelerator.sync_gradients = not files  # so that a state saved before the next batch has them too


def _read(file: Path) -> Gradients:
    saved: Gradients = torch.load(file, map_location="cpu", weights_only=True)
    return saved


def _parameters(accelerator: Accelerator) -> list[torch.Tensor]:
    return parameters_of(unwrapped(each) for each in accelerator._optimizers)


def _files(folder: Path) -> list[Path]:
    """By rank."""
    return sorted(folder.glob(_FILE.format("*", "*")), key=lambda file: int(file.stem.split("_")[1]))


def _world(file: Path) -> int:
    return int(file.stem.rsplit("_", 1)[1])
