"""Hugging Face Trainer: a mixin that trains on a sampler's batches and tells it every example's loss."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from transformers import TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from sooner.batch import Indexed
from sooner.integrations._trainer import refuse, refuse_class
from sooner.integrations._watch import SamplerReplaced, index_of
from sooner.integrations.accelerate import Prepared, prepare
from sooner.integrations.accelerate import refuse as refuse_accelerator
from sooner.sampling import Sampler

if TYPE_CHECKING:
    from transformers import Trainer as _Trainer
else:
    _Trainer = object  # the mixin is put before whichever Trainer it is for

FILE = "sampler.pt"  # beside the Trainer's own files, in each of its checkpoints

_MEND = (
    "Put the mixin first, class MyTrainer(SamplerTrainerMixin, Trainer), leave get_train_dataloader to it, and give "
    "MyTrainer(..., sampler=sampler)."
)


def classification_losses(outputs: Any, labels: Tensor) -> Tensor:
    """(B,) the cross-entropy of each example: `outputs.logits` (B, classes), `labels` (B,) int64.

    Raises ValueError where they are of other shapes or kinds, as in regression, several labels per example, or tokens.
    """
    logits = outputs.logits
    if logits.ndim != 2 or logits.shape[1] < 2 or labels.shape != logits.shape[:1] or labels.is_floating_point():
        raise ValueError(
            "without example_losses each example has one class, logits (B, classes) and labels (B,) whole numbers, and "
            f"here logits are {tuple(logits.shape)} and labels {tuple(labels.shape)} {labels.dtype}: give "
            "example_losses=, (outputs, labels) -> (B,) losses"
        )
    return cross_entropy(outputs.logits.float(), labels, reduction="none")


class SamplerTrainerMixin(_Trainer):
    """Trains on the sampler's batches; put it before a Trainer: `class MyTrainer(SamplerTrainerMixin, Trainer)`.

    The mixin shards the sampler by the Trainer's rank and world, checks what arrives, weighs and observes each
    example's loss, and divides the sum by the number of examples in the whole step: over all accumulated batches of
    all processes. So neither accumulation nor processes change the gradient. The model gets no labels in training, and
    what else the Trainer would do to its loss is left to `example_losses`. What it would do to the batches is refused,
    and so is a `compute_loss` of your own that does not call this one; the guide of integrations lists what is.

    What the Trainer calls an epoch is n examples, to the nearest whole step, whatever a round of the sampler is: it
    fixes the number of steps and the learning-rate schedule beforehand. Before each round `sampler.progress` is set
    to the share of them that is spent. A step may reach over the end of a round: the Trainer fetches its batches
    before any of them is trained on, so the losses of that round's last ones come too late to decide the next. The
    optimizer steps at `sampler.lr_scale`, of the round that was fetched last, times the rate of the schedule.

    `train(resume_from_checkpoint=...)` resumes exactly, by the sampler's state that is saved with each checkpoint, and
    what happens once an epoch (evaluating, saving) happens at the steps at which it would have. So the Trainer's own
    way, to fetch and drop all data before that place, is switched off (`ignore_data_skip`).

    Args:
        sampler: over the training set; its batch size is `per_device_train_batch_size` times the processes.
        example_losses: the model's outputs, made without labels, and the labels of a batch to (B,) losses.
        args, kwargs: the Trainer's.

    Raises:
        ValueError: an argument of the Trainer would do nothing, or something else, beside the sampler; when training
            begins, the sampler's sizes are not those of the training set and the arguments.
        TypeError: when a class is made: the mixin would hide a `compute_loss` or `get_train_dataloader` of a base.
    """

    def __init__(
        self,
        *args: Any,
        sampler: Sampler,
        example_losses: Callable[[Any, Tensor], Tensor] = classification_losses,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sampler = sampler
        self.example_losses = example_losses
        self._refuse()
        self.loss_is_scaled_for_ga = True  # compute_loss divides by the examples of the whole step
        self._callback = SamplerCallback(sampler)
        self.add_callback(self._callback)
        self._stretches: Stretches | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.get_train_dataloader is not SamplerTrainerMixin.get_train_dataloader:
            raise SamplerReplaced(f"{cls.__name__}.get_train_dataloader replaces the sampler. {_MEND}")
        refuse_class(cls, SamplerTrainerMixin)

    def _refuse(self) -> None:
        refuse(self, self.sampler)
        refuse_accelerator(self.accelerator, self.sampler)

    def get_train_dataloader(self) -> Stretches:  # type: ignore[override]
        """The sampler's batches, of the training set, collated and fetched as the Trainer would."""
        self._refuse()  # again, since arguments may have changed
        made: Any = super().get_train_dataloader()
        size = self.args.per_device_train_batch_size * self.args.world_size
        if (self.sampler.n, self.sampler.batch_size) != (len(made.dataset), size):
            raise ValueError(
                f"the sampler is over {self.sampler.n} examples in batches of {self.sampler.batch_size}, but there are "
                f"{len(made.dataset)} training examples, and per_device_train_batch_size times the number of processes "
                f"is {size}"
            )
        self.args.ignore_data_skip = True
        loader = DataLoader(
            Indexed(made.dataset),
            batch_sampler=self.sampler,  # type: ignore[arg-type]
            collate_fn=_WithIndex(made.collate_fn),
            num_workers=made.num_workers,
            pin_memory=made.pin_memory,
            persistent_workers=made.persistent_workers,
            prefetch_factor=made.prefetch_factor,
            worker_init_fn=made.worker_init_fn,
            multiprocessing_context=made.multiprocessing_context,
            timeout=made.timeout,
        )
        accumulated = self.args.gradient_accumulation_steps
        steps = max(1, round(self.sampler.n / (size * accumulated)))
        self._stretches = Stretches(
            prepare(self.accelerator, loader),
            steps * accumulated,
            progress=lambda: min(1.0, self.state.global_step / self.state.max_steps),
            begun=lambda: self.state.global_step % steps * accumulated,
        )
        return self._stretches

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> tuple[list[Any], Any]:
        """The batches of one optimizer step, and the number of examples in them over all processes."""
        batches, _ = super().get_batch_samples(*args, **kwargs)
        self._callback.unheard = len(batches)
        own = torch.tensor(sum(len(index_of(batch, _MEND)) for batch in batches), device=self.args.device)
        return batches, self.accelerator.reduce(own, "sum")

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The weighted sum of the examples' losses over the number of examples in the step; as ever in evaluation."""
        if not model.training:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        index = index_of(inputs, _MEND)
        if "labels" not in inputs:
            raise ValueError(
                f"example_losses gets the batch's 'labels', and the batch has {', '.join(sorted(inputs))}: let the "
                "collator give the labels under that name, several of them as one tensor or a mapping"
            )
        outputs = model(**{name: inputs[name] for name in inputs.keys() - {"index", "weight", "labels"}})
        losses = self.example_losses(outputs, inputs["labels"])
        if losses.shape != index.shape:
            raise ValueError(
                f"example_losses must give {len(index)} losses, one per example, not {tuple(losses.shape)}"
            )
        self.sampler.observe(index, losses.detach())
        self._callback.unheard -= 1
        # Gradients are averaged over processes, hence the factor.
        loss = (losses * inputs["weight"]).sum() * self.args.world_size / num_items_in_batch
        return (loss, outputs) if return_outputs else loss

    def train(self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """As the Trainer's; the sampler resumes from the same checkpoint. FileNotFoundError if it was not saved.

        Raises ValueError in a search over hyperparameters: its trials would go on with one sampler.
        """
        if kwargs.get("trial", args[0] if args else None) is not None:
            raise ValueError(
                "hyperparameter_search trains trial after trial with one sampler, each from where the last one ended: "
                "make a new Trainer with a new sampler for each trial"
            )
        if resume_from_checkpoint is True:
            resume_from_checkpoint = get_last_checkpoint(self.args.output_dir)  # type: ignore[no-untyped-call]
            if resume_from_checkpoint is None:
                raise FileNotFoundError(f"there is no checkpoint in {self.args.output_dir} to resume from")
        if resume_from_checkpoint:
            path = Path(str(resume_from_checkpoint), FILE)
            if not path.exists():
                raise FileNotFoundError(f"{path} is missing: only a checkpoint saved with this mixin can be resumed")
            self.sampler.load_state_dict(torch.load(path, weights_only=True))
        try:
            return super().train(resume_from_checkpoint, *args, **kwargs)
        finally:
            if self._stretches is not None:
                self._stretches.close()


class SamplerCallback(TrainerCallback):
    """Stops a Trainer that does not train on the sampler's batches, and saves the sampler's place in checkpoints.

    The mixin adds it by itself; given to any other Trainer, it stops it, whatever replaced the sampler there.
    """

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.unheard = 0  # batches of the step whose losses the sampler has yet to hear of
        self._loader: Stretches | None = None

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.unheard:
            raise RuntimeError(
                f"of this step's batches {self.unheard} went by without SamplerTrainerMixin.compute_loss, so that "
                f"{type(self.sampler).__name__} has neither seen nor weighed their losses: leave compute_loss to the "
                "mixin, or call super().compute_loss(...) in it, and give what it computes as example_losses="
            )

    def on_train_begin(self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **kwargs: Any) -> None:
        if not isinstance(train_dataloader, Stretches) or train_dataloader.rounds.sampler is not self.sampler:
            own = getattr(getattr(train_dataloader, "batch_sampler", None), "sampler", train_dataloader)
            raise SamplerReplaced(f"the Trainer has made batches of its own, by {type(own).__name__}. {_MEND}")
        self._loader = train_dataloader

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._loader is not None and self._loader.resumed_at:  # the Trainer counts from the start of that epoch
            state.epoch += self._loader.resumed_at / len(self._loader)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        assert self._loader is not None
        saved = self._loader.rounds.state_dict()  # on every process, since they exchange what they observed
        if state.is_world_process_zero:
            torch.save(saved, Path(args.output_dir, f"checkpoint-{state.global_step}", FILE))


class Stretches:
    """The rounds, end to end, in stretches of `length` batches: the Trainer's epochs, whose length must not change.

    The first one is what is left of its epoch where a run is resumed.

    Args:
        progress: the share of the run that is spent.
        begun: how many batches of the present epoch have been trained on.

    Attributes:
        resumed_at: batches of the present epoch that were trained on before the run was resumed.
    """

    def __init__(
        self, rounds: Prepared, length: int, progress: Callable[[], float], begun: Callable[[], int] = lambda: 0
    ) -> None:
        self.rounds = rounds
        self.resumed_at = 0
        self._length = length
        self._progress = progress
        self._begun: Callable[[], int] | None = begun
        self._batches = self._endless()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        self.resumed_at, self._begun = 0 if self._begun is None else self._begun(), None
        return self._stretch(self._length - self.resumed_at)

    def _stretch(self, length: int) -> Iterator[Any]:
        for _ in range(length):
            yield next(self._batches)

    def close(self) -> None:
        """End the iteration in progress, and its workers; the sampler goes back to where training is."""
        self._batches.close()

    def _endless(self) -> Generator[Any]:
        while True:
            self.rounds.sampler.progress = self._progress()
            for batch in self.rounds:
                # Now, since the Trainer fetches all that it accumulates, and the next round has other weights.
                yield {**batch, "weight": self.rounds.sampler.weight(batch["index"])}


@dataclass(frozen=True)
class _WithIndex:
    """The Trainer's collator, with the index beside what it makes. A class, so that workers can be sent it."""

    collate: Callable[[list[Any]], Any]

    def __call__(self, items: Sequence[tuple[int, Any]]) -> dict[str, Any]:
        index = torch.tensor([position for position, _ in items], dtype=torch.int64)
        batch = self.collate([item for _, item in items])
        taken = sorted({"index", "weight"} & set(batch))
        if taken:
            raise ValueError(
                f"the collator gives {' and '.join(map(repr, taken))}, which is what the sampler's own is called in a "
                "batch: give it another name. Under that it goes to the model, whose outputs example_losses gets"
            )
        return {**batch, "index": index}
