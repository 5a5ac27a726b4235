"""What of a Hugging Face Trainer would go unnoticed beside a sampler: refused, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils.data import IterableDataset

from sooner.integrations._watch import SamplerReplaced
from sooner.sampling import ObservesGradients, Sampler, Screening

_OWN = "transformers.trainer"  # where the Trainer's own methods are
_REPLACED = {
    "compute_loss": "put what it computes into example_losses=, (outputs, labels) -> (B,) losses",
    "get_train_dataloader": "give its data set and collator to the Trainer; the order is the sampler's",
}


def refuse(trainer: Any, sampler: Sampler) -> None:
    """Raises ValueError that says of each argument what was given, why it would do nothing, and what to do instead."""
    found = list(problems(trainer, sampler))
    if found:
        raise ValueError(f"with a sampler, {type(trainer).__name__} cannot have what it was given: {'; '.join(found)}")


def problems(trainer: Any, sampler: Sampler) -> Iterator[str]:
    """One sentence on each argument of the Trainer that the sampler decides, or that would keep losses from it."""
    yield from _of_the_loss(trainer)
    yield from _of_the_batches(trainer.args, sampler)
    yield from _of_the_processes(trainer.args)
    dataset, who = trainer.train_dataset, type(sampler).__name__
    if dataset is not None and (isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__")):
        yield (
            f"train_dataset, a {type(dataset).__name__}, has no examples by position for the sampler to choose: load "
            "it whole (datasets: without streaming=True)"
        )
    if isinstance(sampler, ObservesGradients):
        yield f"sampler, a {who}, has to see each batch's gradient, which a Trainer does not show: take another"
    if isinstance(sampler, Screening) and sampler.has_to_screen:
        yield (
            f"sampler, a {who}, has to see a batch's losses before the step, and a Trainer makes no such pass: take "
            "one that hides by weight (kakurenbo, ies), or a loop of your own"
        )


def _of_the_loss(trainer: Any) -> Iterator[str]:
    if trainer.compute_loss_func is not None:
        name = getattr(trainer.compute_loss_func, "__name__", type(trainer.compute_loss_func).__name__)
        yield (
            f"compute_loss_func={name} gives one number for a batch, and the sampler needs each example's loss: give "
            "example_losses=, (outputs, labels) -> (B,) losses"
        )
    smoothing = trainer.args.label_smoothing_factor
    if smoothing:
        yield (
            f"label_smoothing_factor={smoothing:g} is for the Trainer's own loss: smooth in example_losses=, say "
            f'cross_entropy(outputs.logits, labels, reduction="none", label_smoothing={smoothing:g})'
        )


def _of_the_batches(args: Any, sampler: Sampler) -> Iterator[str]:
    strategy = getattr(args, "train_sampling_strategy", "random")
    if getattr(args, "group_by_length", False):
        strategy = "group_by_length"
    if strategy != "random":
        yield (
            f"train_sampling_strategy={strategy!r} puts the examples in an order, which is the sampler's to do: "
            "leave it out"
        )
    if args.dataloader_drop_last and not sampler.drop_last:
        yield "dataloader_drop_last=True is the sampler's to do: make it with drop_last=True as well, or leave this out"
    if args.data_seed is not None and args.data_seed != sampler.seed:
        yield (
            f"data_seed={args.data_seed} is that of another order, the sampler's seed being {sampler.seed}: make the "
            "sampler with that seed, or leave this out"
        )
    if args.auto_find_batch_size:
        yield (
            "auto_find_batch_size=True tries other batch sizes, and the sampler's is fixed: choose "
            "per_device_train_batch_size, and gradient_accumulation_steps where memory is short"
        )
    if not getattr(args, "dataloader_in_order", True):
        yield "dataloader_in_order=False lets batches overtake each other: leave it out"


def _of_the_processes(args: Any) -> Iterator[str]:
    if args.n_gpu > 1:
        yield (
            f"n_gpu={args.n_gpu}, DataParallel in one process, whose batches are others: start one process per GPU "
            "(torchrun), or show it one (CUDA_VISIBLE_DEVICES)"
        )
    config = args.accelerator_config
    if getattr(config, "split_batches", False):
        yield (
            "accelerator_config.split_batches=True makes per_device_train_batch_size that of all processes, and here "
            "it is that of each: divide it by their number, and leave this out"
        )
    if not args.average_tokens_across_devices and args.world_size > 1:
        yield (
            "average_tokens_across_devices=False divides by each process's own count, and losses here are divided by "
            "the examples of all: leave it out"
        )


def refuse_class(cls: type, mixin: type) -> None:
    """Raises `SamplerReplaced` where the class replaces the sampler, TypeError where the mixin would hide a method."""
    after = cls.__mro__[cls.__mro__.index(mixin) + 1 :]
    for name, mend in _REPLACED.items():
        owner = next((each for each in after if name in vars(each)), None)
        if owner is not None and owner.__module__ != _OWN:
            raise TypeError(f"{owner.__name__}.{name} would never be called, {mixin.__name__} comes before it: {mend}")
    owner = next((each for each in cls.__mro__ if "_get_train_sampler" in vars(each)), None)
    if owner is not None and owner.__module__ != _OWN:
        raise SamplerReplaced(
            f"{owner.__name__}._get_train_sampler makes another order than the sampler's: leave it out, or train "
            f"without {mixin.__name__}"
        )
