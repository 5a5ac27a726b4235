"""Lightning: rounds of any length for its Trainer, and a callback that shards, checks and checkpoints the sampler."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import BatchSizeFinder, Timer
from torch.utils.data import DataLoader

from sooner.integrations._fit_state import fit_state, go_on
from sooner.integrations._rates import scaled
from sooner.integrations._seeds import Seeds
from sooner.integrations._watch import SamplerReplaced, Watch, level, sampler_of
from sooner.integrations._weights import weighed
from sooner.sampling import Sampler

_REBUILDS = Path("lightning", "pytorch", "utilities", "data.py")  # where Lightning rebuilds a DataLoader
_MEND = (
    "Give the Trainer sooner.integrations.lightning.Rounds(loader), which it leaves as it is. Into a DataLoader it "
    "puts a sampler of its own where there are several processes, unless Trainer(use_distributed_sampler=False), and "
    "even so it cuts every round to the length of the first."
)


class Rounds:
    """A loader for Lightning's Trainer: one epoch of the Trainer is one round of the sampler, whatever its length.

    Lightning rebuilds a `DataLoader` where there are several processes, and asks it for its length once and again
    after it has looked ahead, when the sampler may be in the next round. This is no `DataLoader` and has no length.
    A Trainer that counts `max_epochs` counts rounds. The `weight` of a `sooner.Batch` is multiplied by the sampler's.

    Args:
        loader: `DataLoader(..., batch_sampler=sampler)`.

    Raises:
        TypeError: the loader has no sampler of sooner.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.loader = loader
        self.batch_sampler = sampler_of(loader)  # by any other name Lightning would set its epoch
        self._seeds = Seeds(loader, self.batch_sampler)

    def __iter__(self) -> Iterator[Any]:
        empty = True
        self._seeds.begin()
        for batch in self.loader:
            empty = False
            yield weighed(batch, self.batch_sampler)
        if empty:  # the state was saved after a round's last batch, and for Lightning that epoch is over
            self._seeds.begin()
            for batch in self.loader:
                yield weighed(batch, self.batch_sampler)


class SamplerCallback(Callback):
    """Shards the sampler by the Trainer's rank and world, checks what arrives, and saves and restores its place.

        trainer = Trainer(callbacks=[SamplerCallback(sampler)])
        trainer.fit(module, Rounds(DataLoader(data, batch_sampler=sampler, collate_fn=sooner.collate)))

    The place is in Lightning's own checkpoints, saved anywhere in a round; `ckpt_path=` resumes there exactly. With it
    are the global random states of all processes, which Lightning leaves out, and in the middle of an accumulation
    (`accumulate_grad_batches`) the gradients of each process: the trained parameters' size times the processes. Where
    these are sharded (FSDP, DeepSpeed) they cannot be kept, and a save in the middle warns; nor are they where a module
    steps its optimizers itself. With another number of processes than saved it, the random states are not put back, and
    each process goes on with the mean of the gradients.

    Before each round it sets the sampler's `progress`: the share of `max_steps`, `max_epochs` or `max_time` that is
    spent. The optimizers step at the sampler's `lr_scale` times the rates that they are set to; multiply no rate by it
    yourself. What a tuner trains on (`lr_find`) is trained on again. It puts itself before the other callbacks, so that
    what they save after a batch counts that batch.

    The module observes the losses itself, in its `training_step`.

    Raises ValueError where the Trainer is to do what the sampler decides: `overfit_batches`, a search for the batch
    size, loaders made anew, processes that are not all data-parallel.
    """

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self._watch = Watch(sampler, _MEND)
        self._scaled = ExitStack()
        self._trainer: Trainer | None = None
        self._resumed: Mapping[str, Any] | None = None  # a state that was loaded, until training begins
        self._steps = 0  # of the optimizer, when the present batch began
        self._accumulating = False
        self._trained = False  # whether this fit has come to training
        self._began: object = None  # the sampler's iteration when this fit was set up

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit":
            _refuse(trainer)
            self._trainer, self._resumed, self._accumulating, self._trained = trainer, None, False, False
            others = [each for each in trainer.callbacks if each is not self]  # type: ignore[attr-defined]
            trainer.callbacks = [self, *others]  # type: ignore[attr-defined]
            self.sampler.shard(trainer.global_rank, trainer.world_size)
            self._began = self.sampler._began

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit" and not self._trained and self.sampler._began is not self._began:
            self._watch.begin()  # a tuner has fetched a batch for the training that is yet to come
            self._watch.end()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        loader = trainer.train_dataloader
        if not isinstance(loader, Rounds) or loader.batch_sampler is not self.sampler:
            given = "Rounds of another sampler" if isinstance(loader, Rounds) else f"a {type(loader).__name__}"
            raise SamplerReplaced(f"the Trainer does not train on Rounds of this sampler, but on {given}. {_MEND}")
        self._watch.begin()
        self._scaled.close()  # of a fit that was broken off
        self._scaled.enter_context(scaled(trainer.optimizers, self.sampler))
        self._trained = True
        if self._resumed is not None:
            self._accumulating, self._resumed = go_on(trainer, self._resumed), None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._scaled.close()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.sampler.progress = _spent(trainer)
        self._watch.begin()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self._watch.check(batch)
        self._steps = trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._watch.used = (self._watch.used or 0) + 1
        self._accumulating = pl_module.automatic_optimization and trainer.global_step == self._steps

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._watch.complete()
        self._watch.end()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._watch.end()
        # Lightning makes a sampler of the same class around its own, which no sampler of sooner allows. The error may
        # be that of a child process, whose trace is text.
        if str(_REBUILDS) in "".join(traceback.format_exception(exception)):
            exception.add_note(f"SamplerReplaced: Lightning tried to replace the sampler, and failed. {_MEND}")

    def state_dict(self) -> dict[str, Any]:
        level(self.sampler)  # Lightning collects what it saves on every process
        state = self._watch.state_dict()
        return state if self._trainer is None else {**state, **fit_state(self._trainer, self._accumulating)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self.sampler.load_state_dict(state_dict)
        self._resumed = state_dict


def _spent(trainer: Trainer) -> float:
    shares: list[tuple[float, float]] = [(trainer.global_step, trainer.max_steps)]
    shares.append((trainer.current_epoch, trainer.max_epochs or 0))
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Timer):  # which `max_time` makes
            elapsed, left = callback.time_elapsed(), callback.time_remaining()
            shares.append((elapsed, 0 if left is None else elapsed + left))
    return min(1.0, max([0.0, *(spent / whole for spent, whole in shares if whole > 0)]))


def _refuse(trainer: Trainer) -> None:
    """Raises ValueError that says what the Trainer was given, why it cannot do it beside a sampler, and what to do."""
    found = list(_problems(trainer))
    if found:
        raise ValueError(f"with a sampler, the Trainer cannot have what it was given: {'; '.join(found)}")


def _problems(trainer: Trainer) -> Iterator[str]:
    overfit = trainer.overfit_batches  # type: ignore[attr-defined]
    if overfit:
        yield (
            f"overfit_batches={overfit} repeats the first batches, and the sampler goes on to others: "
            "give the sampler and the loader a few examples (torch.utils.data.Subset)"
        )
    if any(isinstance(callback, BatchSizeFinder) for callback in trainer.callbacks):  # type: ignore[attr-defined]
        yield (
            "a search for the batch size (BatchSizeFinder, Tuner.scale_batch_size) would try one size again and again, "
            "the sampler's: search without the callback, then make the sampler with what it finds"
        )
    every = trainer.reload_dataloaders_every_n_epochs  # type: ignore[attr-defined]
    if every:
        yield (
            f"reload_dataloaders_every_n_epochs={every} takes a batch from each new loader and throws it away, which "
            "the sampler would not give again: leave it out, since the sampler makes each round anew"
        )
    parts = (getattr(trainer.strategy, "distributed_sampler_kwargs", None) or {}).get("num_replicas")
    if parts and parts != trainer.world_size:
        yield (
            f"{type(trainer.strategy).__name__} has {trainer.world_size} processes train on {parts} parts of a batch, "
            f"and the sampler would divide it into {trainer.world_size}: use a strategy that is data-parallel alone "
            "(ddp, fsdp)"
        )
