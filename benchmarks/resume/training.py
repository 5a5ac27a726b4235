"""One small training with dropout, in four loops: a plain one and those of Accelerate, Lightning and transformers.

Each function trains from the start, or from a state that one of its runs has saved, and says which examples it was
given and what weights it came to. InfoBatch chooses the examples, so their order depends on what was observed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

import sooner
from sooner.integrations import guard
from sooner.random import isolated
from sooner.sampling import InfoBatch

N, BATCH, BATCHES = 96, 8, 30  # the first round has 12 batches, the next ones fewer
CLASSES, WIDTH, RATE = 4, 16, 0.1


@dataclass(frozen=True)
class Setting:
    """How to train.

    Attributes:
        saves: after how many batches to save a state, into `folder`.
        start: the batches after which the state to go on from was saved; None starts anew.
        draws: whether the data set draws from the global random state, as many augmentations do.
    """

    folder: Path
    saves: tuple[int, ...] = ()
    start: int | None = None
    workers: int = 0
    accumulate: int = 1
    draws: bool = False

    def state(self, batches: int) -> Path:
        return self.folder / f"after-{batches}"


@dataclass
class Outcome:
    """Of one process: the examples of each batch that it trained on, and the weights it came to."""

    order: list[list[int]] = field(default_factory=list)
    weights: Tensor = field(default_factory=lambda: torch.empty(0))


class Points(Dataset[Any]):
    """(WIDTH,) float32 and the class of the largest of its first CLASSES."""

    def __init__(self, draws: bool) -> None:
        self.draws = draws
        self.inputs = torch.randn(N, WIDTH, generator=torch.Generator().manual_seed(1))

    def __len__(self) -> int:
        return N

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        inputs = self.inputs[index]
        noise = 0.1 * torch.randn(WIDTH) if self.draws else 0
        return inputs + noise, inputs[:CLASSES].argmax()


def network() -> nn.Module:
    with isolated(0, "network"):
        return nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, CLASSES))


def sampler() -> InfoBatch:
    return InfoBatch(N, BATCH, seed=3)


def loader(setting: Setting, made: InfoBatch) -> DataLoader[Any]:
    """As a user would make it: without a generator."""
    return DataLoader(
        sooner.Indexed(Points(setting.draws)),
        batch_sampler=made,  # type: ignore[arg-type]
        collate_fn=sooner.collate,
        num_workers=setting.workers,
    )


def flat(model: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def world() -> tuple[int, int]:
    """Rank and number of processes, from the environment."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def plain(setting: Setting) -> Outcome:
    """The loop of docs/integrations.md; the gradients of an accumulation under way are saved by hand."""
    rank, processes = world()
    model, made = network(), sampler().shard(rank, processes)
    trained: Any = model
    if processes > 1:
        torch.distributed.init_process_group("gloo")
        trained = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)
    batches = guard(loader(setting, made))
    used, result = setting.start or 0, Outcome()
    if setting.start is not None:
        state = torch.load(setting.state(setting.start) / f"{rank}.pt", weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        batches.load_state_dict(state["loader"])
        for parameter, gradient in zip(model.parameters(), state["gradients"], strict=True):
            parameter.grad = gradient
        torch.set_rng_state(state["random"])
    while used < BATCHES:
        made.progress = used / BATCHES
        for batch in batches:
            used += 1
            steps = used % setting.accumulate == 0
            with nullcontext() if steps or processes == 1 else trained.no_sync():
                losses = cross_entropy(trained(batch.inputs), batch.targets, reduction="none")
                made.observe(batch.index, losses.detach())
                (losses * made.weight(batch.index)).mean().backward()
            if steps:
                optimizer.step()
                optimizer.zero_grad()
            result.order.append(batch.index.tolist())
            if used in setting.saves:
                made.scores.exchange()  # what all processes have observed
                setting.state(used).mkdir(parents=True, exist_ok=True)
                state = {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "loader": batches.state_dict(),
                    "gradients": [parameter.grad for parameter in model.parameters()],
                    "random": torch.get_rng_state(),
                }
                torch.save(state, setting.state(used) / f"{rank}.pt")
            if used == BATCHES:
                break
    result.weights = flat(model)
    return result


def accelerate(setting: Setting) -> Outcome:
    """`accelerator.accumulate`, `save_state` and `load_state`."""
    from accelerate import Accelerator

    from sooner.integrations.accelerate import prepare

    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=setting.accumulate)
    model, made = network(), sampler()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)
    trained, stepped = accelerator.prepare(model, optimizer)
    batches = prepare(accelerator, loader(setting, made))
    accelerator.register_for_checkpointing(batches)
    used, result = setting.start or 0, Outcome()
    if setting.start is not None:
        accelerator.load_state(str(setting.state(setting.start)))
    while used < BATCHES:
        made.progress = used / BATCHES
        for batch in batches:
            used += 1
            with accelerator.accumulate(trained):
                losses = cross_entropy(trained(batch.inputs), batch.targets, reduction="none")
                made.observe(batch.index, losses.detach())
                accelerator.backward((losses * made.weight(batch.index)).mean())
                stepped.step()
                stepped.zero_grad()
            result.order.append(batch.index.tolist())
            if used in setting.saves:
                accelerator.save_state(str(setting.state(used)))
            if used == BATCHES:
                break
    result.weights = flat(model)
    return result


def lightning(setting: Setting) -> Outcome:
    """Its Trainer, whose epochs are rounds; four of them, however many batches they have."""
    from lightning.pytorch import Callback, LightningModule, Trainer

    from sooner.integrations.lightning import Rounds, SamplerCallback

    made, result = sampler(), Outcome()

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()
            self.used = setting.start or 0

        def training_step(self, batch: Any, batch_idx: int) -> Tensor:
            losses = cross_entropy(self.network(batch.inputs), batch.targets, reduction="none")
            made.observe(batch.index, losses.detach())
            result.order.append(batch.index.tolist())
            return (losses * made.weight(batch.index)).mean()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=RATE, momentum=0.9)

    class Save(Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
            module.used += 1
            if module.used in setting.saves:
                trainer.save_checkpoint(setting.state(module.used))

    _, processes = world()
    module = Module()
    trainer = Trainer(
        accelerator="cpu",
        devices=processes,
        strategy="ddp" if processes > 1 else "auto",
        max_epochs=4,
        accumulate_grad_batches=setting.accumulate,
        callbacks=[Save(), SamplerCallback(made)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    path = None if setting.start is None else setting.state(setting.start)
    trainer.fit(module, Rounds(loader(setting, made)), ckpt_path=path, weights_only=True)
    result.weights = flat(module.network)
    return result


def transformers(setting: Setting) -> Outcome:
    """Its Trainer, which saves between two steps only, here at all multiples of the first of `setting.saves`."""
    from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments
    from transformers.modeling_outputs import SequenceClassifierOutput

    from sooner.integrations.transformers import SamplerTrainerMixin

    class Network(PreTrainedModel):
        config_class = PretrainedConfig

        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.network = network()
            self.post_init()

        def _init_weights(self, module: nn.Module) -> None:
            """They are there already."""

        def forward(self, inputs: Tensor, labels: Any = None) -> Any:
            return SequenceClassifierOutput(logits=self.network(inputs))

    class Items(Dataset[Any]):
        points = Points(setting.draws)

        def __len__(self) -> int:
            return N

        def __getitem__(self, index: int) -> dict[str, Tensor]:
            inputs, labels = self.points[index]
            return {"inputs": inputs, "labels": labels}

    result = Outcome()

    class MyTrainer(SamplerTrainerMixin, Trainer):
        def training_step(self, model: Any, inputs: Any, *rest: Any) -> Any:
            result.order.append(inputs["index"].tolist())
            return super().training_step(model, inputs, *rest)

    _, processes = world()
    every = setting.saves[0] // setting.accumulate if setting.saves else None
    arguments = TrainingArguments(
        output_dir=str(setting.folder),
        per_device_train_batch_size=BATCH // processes,
        gradient_accumulation_steps=setting.accumulate,
        max_steps=BATCHES // setting.accumulate,
        dataloader_num_workers=setting.workers,
        save_strategy="steps" if every else "no",
        save_steps=every or 500,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        learning_rate=RATE,
        optim="sgd",
        logging_strategy="no",
    )
    trainer = MyTrainer(Network(PretrainedConfig()), arguments, train_dataset=Items(), sampler=sampler())
    start = None if setting.start is None else str(setting.folder / f"checkpoint-{setting.start // setting.accumulate}")
    trainer.train(resume_from_checkpoint=start)
    result.weights = flat(trainer.model)
    return result


LOOPS: dict[str, Callable[[Setting], Outcome]] = {
    "plain": plain,
    "Accelerate": accelerate,
    "Lightning": lightning,
    "transformers": transformers,
}
