"""From a recipe to a training loop: every method made, in the order that `sooner.combining` states."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from sooner import registry, sampling, schedules
from sooner.batch import Batch
from sooner.random import derive
from sooner.recipes import Choice, Recipe
from sooner.sampling import Permutation
from sooner.tasks import models
from sooner.tasks._base import Examples
from sooner.tasks.examples import InMemory
from sooner.training.clock import Clock
from sooner.training.loading import Loader, evaluation_batches
from sooner.training.loop import Loop
from sooner.training.normalisation import Normalise

_INPUTS = 2  # examples that a model is traced with


@dataclass(frozen=True)
class Site:
    """Where a recipe is to be trained: on what data, and how that is read.

    Attributes:
        train: examples to train on.
        classes: number of classes.
        device: of the model and the batches.
        mean, std: (C,) of the training data, see `sooner.training.normalisation`.
        workers: processes that fetch examples which are not in memory.
    """

    train: Examples
    classes: int
    device: torch.device
    mean: Tensor | None = None
    std: Tensor | None = None
    workers: int = 0


class _Scored:
    """Training examples for a method that looks at the model before training: the same ones each time it is iterated.

    All of them, in a random order of their own, in batches of the recipe's size, neither augmented nor weighted.
    """

    def __init__(self, site: Site, batch_size: int, seed: int) -> None:
        self._site, self._batch_size, self._seed = site, batch_size, seed

    def __iter__(self) -> Iterator[Batch]:
        site, n = self._site, len(self._site.train)
        order = Permutation(n, derive(self._seed, "scores before training"))
        for start in range(0, n, self._batch_size):
            index = order[start : start + self._batch_size]
            part = site.train.subset(index)
            (batch,) = evaluation_batches(part, len(index), site.device, site.mean, site.std)
            yield Batch(batch.inputs, batch.targets, index.to(site.device), batch.weight)


def make_fabric(precision: str, device: torch.device) -> Fabric:
    """Lightning Fabric for one process on `device`; precision "float32" or "bf16" (autocast)."""
    name = {"float32": "32-true", "bf16": "bf16-mixed"}[precision]
    # Fabric announces its precision at every run; the user knows it from the plan.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    devices = [device.index or 0] if device.type == "cuda" else 1
    return Fabric(accelerator=device.type, devices=devices, precision=name)  # type: ignore[arg-type]


def assemble(
    recipe: Recipe,
    site: Site,
    seed: int,
    *,
    evaluate: Callable[[nn.Module], float],
    every: int,
    clock: Clock,
    paying: Clock | None = None,
) -> Loop:
    """The loop that trains `recipe` with `seed`.

    What the methods do before the first step is on the clock under the name of their seam.

    Args:
        recipe: complete; its precision must be settled.
        site: the data.
        seed: of everything that is drawn.
        evaluate: the metric of a model.
        every: examples between evaluations.
        clock: of the loop.
        paying: the clock that set-up is counted on, where it is another: a resumed run has paid for it already.

    Raises:
        ValueError, SoonerError: a method does not fit the model or the data.
    """
    paying = paying or clock
    train = site.train
    given: dict[str, Any] = {
        "n": len(train),
        "batch_size": recipe.batch_size,
        "seed": seed,
        "targets": train.targets,
        "classes": site.classes,
    }

    def made(seam: str, choice: Choice) -> Any:
        return registry.make(seam, choice.name, given, choice.options)

    with paying.phase("setup"):
        inputs, _ = train.fetch(torch.arange(min(len(train), _INPUTS)))
        inputs = Normalise(site.mean, site.std, site.device)(inputs.to(site.device))
        model = models.build(recipe.model, tuple(inputs.shape[1:]), site.classes, seed=seed)
        model.to(site.device)
        loss = made("losses", recipe.loss)
        # A copy: what is looked at before training is not to be remembered by the loss that trains.
        given |= {"model": model, "inputs": inputs, "loss": copy.deepcopy(loss)}
        given["batches"] = _Scored(site, recipe.batch_size, seed)
    for choice in recipe.structure:
        if not _takes("structure", choice, "optimizer"):
            with paying.phase("structure"):
                made("structure", choice)
    with paying.phase("setup"):
        batching = None
        for choice in recipe.batching:
            if _takes("batching", choice, "model"):
                made("batching", choice)
            else:
                batching = made("batching", choice)
        for choice in (recipe.optimizer, *recipe.wrappers):
            given["optimizer"] = made("optim", choice)
    surgeries = []
    for choice in recipe.structure:
        if _takes("structure", choice, "optimizer"):
            with paying.phase("structure"):
                surgeries.append(made("structure", choice))
    sparsity = None
    if recipe.sparsity:
        with paying.phase("sparsity"):
            sparsity = made("sparsity", recipe.sparsity)
    averaging = None
    if recipe.averaging:
        with paying.phase("averaging"):
            averaging = made("averaging", recipe.averaging)
    with paying.phase("sampling"):
        sampler = sampling.make(
            recipe.sampling.name,
            len(train),
            recipe.batch_size,
            seed=seed,
            targets=train.targets,
            **recipe.sampling.options,
        )
    with paying.phase("setup"):
        loader = Loader(
            train,
            sampler,
            device=site.device,
            augment=[made("augmentation", choice) for choice in recipe.augmentation],
            mean=site.mean,
            std=site.std,
            seed=seed,
            workers=0 if isinstance(train, InMemory) else site.workers,
        )
        return Loop(
            model=model,
            loader=loader,
            optimizer=given["optimizer"],
            schedule=schedules.make(recipe.schedule.name, **recipe.schedule.options),
            budget=recipe.spends,
            loss=loss,
            evaluate=evaluate,
            every=every,
            fabric=make_fabric(recipe.precision, site.device),
            clock=clock,
            accumulate=recipe.accumulate,
            batching=batching,
            sparsity=sparsity,
            structure=surgeries,
            averaging=averaging,
        )


def _takes(seam: str, choice: Choice, argument: str) -> bool:
    """Whether the method acts on `argument`: on the model at the start, on the optimizer while training goes on."""
    return argument in registry.get(seam, choice.name).parameters
