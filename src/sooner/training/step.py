"""One optimizer step on a batch, with every seam that acts in it, in the order that `sooner.combining` states."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from sooner._modules import unwrapped
from sooner.averaging import Averaging
from sooner.batch import Batch
from sooner.batching import Batching
from sooner.losses import Loss
from sooner.optim import SeveralPasses, set_lr
from sooner.sampling import ObservesGradients, gathered
from sooner.sparsity import SparseTraining
from sooner.training.divergence import LossWatch
from sooner.training.loading import Loader
from sooner.training.part_gradients import PartGradients


class Surgery(Protocol):
    """Removes channels while training goes on. `version` rises with each time it did."""

    @property
    def version(self) -> int: ...
    def step(self, progress: float) -> bool: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Step:
    """Makes the steps of a run.

    Args:
        model: maps a batch's inputs to outputs; trained in place.
        optimizer: over its parameters, at its peak learning rates, wrappers included.
        loss: of each example. Its attribute `progress` is set where it has one.
        loader: of whose sampler the batches are; the sampler observes the losses.
        fabric: launched: processes, device and precision.
        watch: given the loss of every step.
        accumulate: micro-batches per batch of the sampler.
        batching: how many of these a step joins; None for one.
        sparsity: masks over the model, made with `optimizer`.
        structure: surgeries on the model, made with `optimizer`; in one process only.
        averaging: a mean of the model's weights; None for none.

    Raises ValueError where surgeries meet several processes, or an optimizer of several passes meets micro-batches.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        loader: Loader,
        fabric: Fabric,
        watch: LossWatch,
        *,
        accumulate: int = 1,
        batching: Batching | None = None,
        sparsity: SparseTraining | None = None,
        structure: Sequence[Surgery] = (),
        averaging: Averaging | None = None,
    ) -> None:
        if structure and fabric.world_size > 1:
            raise ValueError(
                "channels cannot be removed while several processes train: their wrapper holds on to the old "
                "parameters; prune in one process, or at the start"
            )
        given: object = optimizer  # whose step may take other arguments than an Optimizer's
        self._repeating = given if isinstance(given, SeveralPasses) else None
        if self._repeating is not None and (accumulate > 1 or fabric.world_size > 1):
            who = type(optimizer).__name__
            raise ValueError(f"{who} passes a batch through several times: it needs accumulate=1 and one process")
        self.model, self.optimizer = fabric.setup(model, optimizer)
        self.loss = loss
        self._loader = loader
        self.batching = batching
        self.sparsity = sparsity
        self.structure = tuple(structure)
        self.averaging = averaging
        if averaging is not None:
            averaging.masks = sparsity
        self._fabric = fabric
        self._watch = watch
        self._accumulate = accumulate
        self._alive: tuple[int, Tensor] | None = None  # the masks as one vector, and their version
        self._remembers = fabric.world_size > 1 and hasattr(loss, "scores")
        if self._remembers:
            loss.scores.recording = True  # type: ignore[attr-defined]

    @property
    def version(self) -> int:
        """Rises whenever the model's tensors are replaced."""
        return sum(surgery.version for surgery in self.structure)

    @property
    def joined(self) -> int:
        """How many of the sampler's batches the next step takes."""
        return self.batching.batches if self.batching else 1

    @property
    def passes(self) -> int | None:
        """Forward and backward passes of a step; None where that is not known before."""
        return 1 if self._repeating is None else self._repeating.passes

    def make(self, batch: Batch, own: int, total: int, *, joined: int, rate: float, progress: float) -> None:
        """Move the parameters. The batch's first `own` examples are this process's part of the `total`.

        `joined` is how many of the sampler's batches it is made of, `rate` the schedule's factor of the peak learning
        rates, `progress` the share of the budget spent before.
        """
        grown = self.batching.lr_scale_of(joined) if self.batching else 1.0
        set_lr(self.optimizer, rate * self._loader.sampler.lr_scale * grown)
        if hasattr(self.loss, "progress"):
            self.loss.progress = progress
        if self._repeating is not None:
            self._repeat(self._repeating, batch, own, total)
        else:
            self._descend(batch, own, total, joined)
        self._watch.stepped()

    def conclude(self, progress: float) -> None:
        """What follows a step: masks, channels, the mean, the size of the next one. `progress` has this step in it."""
        if self.sparsity is not None:
            self.sparsity.step(progress)
        for surgery in self.structure:
            surgery.step(progress)
        if self.averaging is not None:
            self.averaging.step(progress)
        if self.batching is not None:
            self.batching.step(progress)
        self.optimizer.zero_grad(set_to_none=True)

    def evaluated(self) -> AbstractContextManager[None]:
        """Inside, the model has the weights that are to be evaluated: the mean's, where there is one."""
        return nullcontext() if self.averaging is None else self.averaging.applied()

    def end_round(self) -> None:
        """Exchange what the loss remembers of examples between processes: the next round divides them differently."""
        if self._remembers:
            self.loss.scores.exchange()  # type: ignore[attr-defined]

    def _descend(self, batch: Batch, own: int, total: int, joined: int) -> None:
        # Batch norm needs two examples in each part.
        observed = min(self.batching.parts, max(1, len(batch) // 2)) if self.batching else 0
        parts = list(batch.split(max(self._accumulate * (joined if self._accumulate > 1 else 1), observed)))
        seen = PartGradients(unwrapped(self.model).parameters()) if observed else None
        for position, part in enumerate(parts, 1):
            with self._fabric.no_backward_sync(self.model, enabled=position < len(parts) or seen is not None):
                self._fabric.backward(self._loss_of(self.model(part.inputs), part, own, total))
            if seen is not None and self.batching is not None:
                # Of the mean loss of these examples: what was passed back is their sum over the whole batch's number.
                gradient = seen.take() * (total / (len(part) * self._fabric.world_size))
                self.batching.observe(self._of_the_living(gradient), len(part))
            own -= len(part)
        if seen is not None:
            if self._fabric.world_size > 1:
                seen.sum.copy_(self._fabric.all_reduce(seen.sum, reduce_op="mean"))  # type: ignore[arg-type]
            seen.give_back()
        sampler = self._loader.sampler
        if isinstance(sampler, ObservesGradients):
            if self.sparsity is not None:
                self.sparsity.mask_gradients()
            gradients = [p.grad.flatten() for p in self.model.parameters() if p.grad is not None]
            sampler.observe_gradient(gathered(batch.index), torch.cat(gradients))
        self.optimizer.step()

    def _of_the_living(self, gradient: Tensor) -> Tensor:
        """`gradient` (d,) without the entries of dead weights, which do not move."""
        if self.sparsity is None:
            return gradient
        if self._alive is None or self._alive[0] != self.sparsity.version:
            module = unwrapped(self.model)
            masks = {id(module.get_submodule(name).weight): mask for name, mask in self.sparsity.masks.items()}
            of_all = [masks.get(id(p), torch.ones_like(p)) for p in module.parameters() if p.requires_grad]
            self._alive = self.sparsity.version, torch.cat([mask.flatten().to(gradient.dtype) for mask in of_all])
        return gradient * self._alive[1]

    def _loss_of(self, outputs: Tensor, part: Batch, own: int, total: int) -> Tensor:
        """The part's share of the step's loss; the sampler has then observed the losses of its own examples.

        Behind these there may be others, at weight 0, for layers that need company; no loss is to remember them.
        """
        mine = slice(0, min(max(own, 0), len(part)))
        index = part.index[mine]
        losses = self.loss(outputs[mine], part.targets[mine], index)
        if losses.shape != index.shape:
            raise ValueError(
                f"the loss must give one number per example, shape ({len(index)},), not "
                f'{tuple(losses.shape)}; with a torch loss pass reduction="none"'
            )
        if len(index):
            self._loader.sampler.observe(index, losses.detach())
        # DDP averages over processes, hence the factor: the sum over all of them is divided by their total.
        loss = (losses * part.weight[mine]).sum() * (self._fabric.world_size / total)
        if len(index) < len(part):
            loss = loss + 0.0 * outputs[len(index) :].sum()  # else their process would wait for a gradient
        self._watch.add(loss.detach())
        return loss

    def _repeat(self, optimizer: SeveralPasses, batch: Batch, own: int, total: int) -> None:
        def forward() -> Tensor:
            outputs: Tensor = self.model(batch.inputs)
            return outputs

        def loss(outputs: Tensor) -> Tensor:
            return self._loss_of(outputs, batch, own, total)

        optimizer.step(forward, loss, self._fabric.backward)
