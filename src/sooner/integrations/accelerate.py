"""Accelerate: a loader on the accelerator's device, its batches divided among the processes by the sampler alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from accelerate import Accelerator
from accelerate.data_loader import prepare_data_loader
from torch.utils.data import DataLoader

from sooner.integrations._accumulated import keep_gradients
from sooner.integrations._guard import Guarded
from sooner.integrations._rates import scaled
from sooner.integrations._watch import level, sampler_of
from sooner.sampling import Sampler


class Prepared(Guarded):
    """A guarded loader of Accelerate. Register it for checkpointing and its place is saved and restored.

    While it is iterated over, the optimizers that the accelerator has prepared step at the sampler's `lr_scale`.
    """

    def __init__(self, loader: Any, sampler: Sampler, accelerator: Accelerator) -> None:
        super().__init__(loader, sampler)
        self._accelerator = accelerator
        self._scaled = ExitStack()

    def __iter__(self) -> Iterator[Any]:
        # Accelerate's loader counts its own rounds from 0, and would send a resumed sampler there.
        self.loader.iteration = self.sampler.epoch  # type: ignore[attr-defined]
        self._scaled.close()  # of an iteration that was left and is still referred to
        with ExitStack() as self._scaled:
            self._scaled.enter_context(scaled(self._accelerator._optimizers, self.sampler))
            yield from super().__iter__()

    def state_dict(self) -> dict[str, Any]:
        """As of every guarded loader, with what all processes have observed: all of them must call it."""
        level(self.sampler)
        return super().state_dict()


def prepare(accelerator: Accelerator, loader: DataLoader[Any]) -> Prepared:
    """The loader, its sampler sharded by the accelerator's own rank and world, on its device. `accelerator.prepare`
    is for the model, optimizer and scheduler; it would divide the batches once more.

        model, optimizer = accelerator.prepare(model, optimizer)
        loader = prepare(accelerator, DataLoader(data, batch_sampler=sampler, collate_fn=sooner.collate))
        accelerator.register_for_checkpointing(loader)

    Accelerate's loader fetches one batch ahead, moves batches to the device and ends a gradient accumulation with the
    round, all as ever. Optimizers that the accelerator has prepared before a round begins step at the sampler's
    `lr_scale`, so multiply no rate by it yourself.

    `accelerator.save_state` in the middle of a round, and `load_state`, then resume exactly. Dropout draws what it
    would have drawn, since a loader that was made without a generator gets one of its own. In the middle of an
    accumulation (`accelerator.accumulate`) each process writes its gradients, as large as the trained parameters, to
    `gradients_RANK_of_WORLD.pt` there. Where these are sharded (FSDP, DeepSpeed, Megatron-LM) they cannot be kept, and
    a save in the middle of an accumulation warns.

    Args:
        accelerator: all its processes are data-parallel.
        loader: made with `batch_sampler=sampler`; the sampler's batch size is that of all processes together.

    Raises:
        TypeError: the loader has no sampler of sooner.
        ValueError: a batch has fewer examples than there are processes, or the accelerator was told what the sampler
            decides: `dispatch_batches`, another `data_seed`, processes that are not all data-parallel.
    """
    sampler = sampler_of(loader)
    refuse(accelerator, sampler)
    keep_gradients(accelerator)
    sampler.shard(accelerator.process_index, accelerator.num_processes)
    prepared = prepare_data_loader(
        loader,
        device=accelerator.device,
        num_processes=1,  # the sampler has divided the batches already
        process_index=0,
        put_on_device=accelerator.device_placement,
        dispatch_batches=False,
        non_blocking=accelerator.non_blocking,
    )
    return Prepared(prepared, sampler, accelerator)


def refuse(accelerator: Accelerator, sampler: Sampler) -> None:
    """Raises ValueError that says of each of the accelerator's settings why it would do nothing, and what to do."""
    found = list(_problems(accelerator, sampler))
    if found:
        raise ValueError(f"with a sampler, the Accelerator cannot have what it was given: {'; '.join(found)}")


def _problems(accelerator: Accelerator, sampler: Sampler) -> Iterator[str]:
    if accelerator.dispatch_batches:
        yield "dispatch_batches=True has one process read for all, and here each reads its own part: leave it out"
    seed = getattr(accelerator.dataloader_config, "data_seed", None)
    if seed is not None and seed != sampler.seed:
        yield (
            f"data_seed={seed} is that of another order, the sampler's seed being {sampler.seed}: make the sampler "
            "with that seed, or leave this out"
        )
    parallelism = getattr(accelerator, "parallelism_config", None)
    others = {name: getattr(parallelism, name, None) or 1 for name in ("tp_size", "cp_size", "sp_size")}
    for name, size in others.items():
        if size > 1:
            yield (
                f"parallelism_config.{name}={size} has {size} processes train on the same examples, and the sampler "
                f"would give each others: use data parallelism alone (dp_replicate_size, dp_shard_size)"
            )
