"""The training loop: batches from the loader, one optimizer step each, a look at the metric on an even grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from sooner.batch import Batch
from sooner.losses import Loss
from sooner.sampling import GraB, Screening, gathered
from sooner.training import checkpoint
from sooner.training.budget import Budget
from sooner.training.clock import Clock
from sooner.training.loading import Loader
from sooner.training.optimizers import set_lr
from sooner.training.schedules import Schedule

_CHECK_EVERY = 20  # steps between looks at the loss: on an accelerator each look waits for the device
_FEWEST = 2  # examples in a step
_EXPLODED = 50.0  # times the loss of the first steps


@dataclass(frozen=True)
class Look:
    """The metric at one moment of a run, `seconds` on the clock.

    Of these `scoring` went into passing `scored` examples forward before they were trained on, and `besides` into
    what is neither steps nor scoring: set-up, and the sampler's work where a round begins. The rest are steps.
    """

    seconds: float
    step: int
    examples: int
    metric: float
    besides: float = 0.0
    scoring: float = 0.0
    scored: int = 0


class Stopped(Exception):
    """Training was asked to stop before its budget was spent; its state is whole and can be saved."""


class Loop:
    """One training run, from its first step or from a state that an earlier one saved.

    A step takes one batch (over all processes), in `accumulate` parts if asked, and divides the weighted sum of the
    losses by the number of examples in the whole batch, so neither accumulation nor the number of processes changes
    the gradient. Progress through the budget sets the learning rate, so a schedule always fits its budget.

    A sampler that screens (see `sooner.sampling.Screening`) gets the losses of a batch before it is trained on: a pass
    forward without gradients, the model in evaluation mode so that nothing in it changes, on the clock as "scoring".
    A budget in examples or epochs counts what the sampler hands out, screened out or not, as the papers count their
    epochs; so it ends even when hardly anything is left to train on. `trained` and `scored` count the two kinds of
    passes, and the clock counts all. GraB gets each batch's mean gradient, so it balances batches.

    Args:
        model: maps a batch's inputs to outputs; trained in place.
        loader: yields batches round after round.
        optimizer: over the model's parameters, at its peak learning rates.
        schedule: progress in [0, 1] to a factor of those rates.
        budget: when to end; the last batch may pass it.
        loss: of each example.
        evaluate: the metric of the model as it is; called off the clock.
        every: examples between evaluations, at least 1. There is one before the first step and one at the end.
        fabric: Lightning Fabric, launched: processes, device and precision. Every process makes its own `Loop`.
        clock: the race's clock; steps count as phase "train", the first batch of a round, which the sampler decides
            the round for, as "sampling".
        accumulate: micro-batches per step, at least 1.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        loader: Loader,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        budget: Budget,
        loss: Loss,
        evaluate: Callable[[nn.Module], float],
        every: int,
        fabric: Fabric,
        clock: Clock,
        accumulate: int = 1,
    ) -> None:
        if every < 1 or accumulate < 1:
            raise ValueError(f"every and accumulate must be at least 1, not {every} and {accumulate}")
        self.fabric = fabric
        self.model, self.optimizer = fabric.setup(model, optimizer)
        self.loader = loader
        self.schedule = schedule
        self.budget = budget
        self.loss = loss
        self.evaluate = evaluate
        self.every = every
        self.clock = clock
        self.accumulate = accumulate
        self.step = 0
        self.examples = 0  # handed out by the sampler
        self.trained = 0  # of these, passed forward and backward
        self.scored = 0  # of these, passed forward only, before any of their batch was trained on
        self.looks: list[Look] = []
        self.failure: str | None = None  # why the run diverged
        self._loss_sum: Tensor | float = 0.0
        self._loss_steps = 0
        self._first_loss: float | None = None

    @property
    def progress(self) -> float:
        """Share of the budget spent, in [0, 1]."""
        n = self.loader.sampler.n
        return self.budget.progress(step=self.step, examples=self.examples, seconds=self._seconds(), n=n)

    def run(
        self,
        on_look: Callable[[Look], None] = lambda look: None,
        on_step: Callable[[], None] = lambda: None,
    ) -> None:
        """Train until the budget is spent or the loss has diverged (`failure` then says how).

        `on_look` is called after each evaluation, `on_step` after each step; raising `Stopped` from the latter
        leaves the loop in a state that can be saved and resumed.
        """
        if not self.looks:
            self._look(on_look)
        self.model.train()
        with self.clock.phase("train"):
            while not self._ended:
                self._round(on_look, on_step)

    @property
    def _ended(self) -> bool:
        return self.failure is not None or self.progress >= 1.0

    def _seconds(self) -> float:
        if self.budget.unit != "s" or self.fabric.world_size == 1:
            return self.clock.seconds
        return float(self.fabric.broadcast(self.clock.seconds))  # processes must agree when to end

    def _round(self, on_look: Callable[[Look], None], on_step: Callable[[], None]) -> None:
        self.loader.progress = self.loader.sampler.progress = self.progress
        batches = iter(self.loader)
        with self.clock.phase("sampling"):
            batch = next(batches, None)
        while batch is not None:
            self._step(batch)
            self._after_step(on_look)
            if self._ended:
                return
            on_step()
            self.loader.progress = self.progress
            batch = next(batches, None)

    def _after_step(self, on_look: Callable[[Look], None]) -> None:
        due = self.examples // self.every > self.looks[-1].examples // self.every
        ended = self.progress >= 1.0 and self.looks[-1].step < self.step
        if due or ended or self._loss_steps >= _CHECK_EVERY:
            self._check_loss()
        if (due or ended) and self.failure is None:
            self._look(on_look)

    def _step(self, batch: Batch) -> None:
        sampler, world = self.loader.sampler, self.fabric.world_size
        drawn = own = len(batch)
        scored = 0
        if isinstance(sampler, Screening) and sampler.screens(batch.index):
            scored = drawn
            batch, own = self._screened(batch, sampler)
        trained = own
        if world > 1:
            drawn, trained, scored = self._sum_over_processes(drawn, own, scored)
        if trained:
            self._train(batch, own, trained)
        self.examples += drawn
        self.trained += trained
        self.scored += scored

    def _screened(self, batch: Batch, sampler: Screening) -> tuple[Batch, int]:
        """What the sampler keeps of the batch, and how many examples that is.

        Where a step is made but fewer than two are kept, others fill up behind them at weight 0: batch norm needs two
        examples, and of several processes one that keeps nothing must still take its part in the step.
        """
        module = checkpoint.unwrapped(self.model)  # in the wrapper processes would wait for each other
        with self.clock.phase("scoring"), torch.no_grad(), self.fabric.autocast():
            module.eval()
            losses = self.loss(module(batch.inputs), batch.targets, batch.index).float()
            module.train()
            keep, weight = sampler.screen(batch.index, losses)
            kept = keep.nonzero().flatten()
            if len(kept) or self.fabric.world_size > 1:
                fillers = (~keep).nonzero().flatten()[: max(0, _FEWEST - len(kept))]
                weight = weight.index_fill(0, fillers, 0.0)
                return batch.select(torch.cat([kept, fillers]), weight), len(kept)
            return batch.select(kept, weight), 0

    def _train(self, batch: Batch, own: int, total: int) -> None:
        """One optimizer step on the batch. Its first `own` examples are this process's part of the `total`."""
        sampler, world = self.loader.sampler, self.fabric.world_size
        set_lr(self.optimizer, self.schedule(self.progress) * sampler.lr_scale)
        parts = [batch] if self.accumulate == 1 else list(batch.split(self.accumulate))
        for position, part in enumerate(parts, 1):
            with self.fabric.no_backward_sync(self.model, enabled=position < len(parts)):
                losses = self.loss(self.model(part.inputs), part.targets, part.index)
                if losses.shape != part.index.shape:
                    raise ValueError(
                        f"the loss must give one number per example, shape ({len(part)},), not "
                        f'{tuple(losses.shape)}; with a torch loss pass reduction="none"'
                    )
                # DDP averages over processes, hence the factor: the sum over all of them is divided by their total.
                loss = (losses * part.weight).sum() * (world / total)
                self.fabric.backward(loss)
            if own > 0:
                sampler.observe(part.index[:own], losses.detach()[:own])
            own -= len(part)
            self._loss_sum += loss.detach()
        if isinstance(sampler, GraB):
            gradients = [p.grad.flatten() for p in self.model.parameters() if p.grad is not None]
            sampler.observe_gradient(gathered(batch.index), torch.cat(gradients))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._loss_steps += 1
        self.step += 1

    def _sum_over_processes(self, *counts: int) -> list[int]:
        reduced = self.fabric.all_reduce(torch.tensor(counts), reduce_op="sum")
        return reduced.tolist()  # type: ignore[union-attr]

    def _check_loss(self) -> None:
        if self._loss_steps == 0:
            return
        mean = torch.as_tensor(self._loss_sum) / self._loss_steps
        if self.fabric.world_size > 1:
            mean = self.fabric.all_reduce(mean, reduce_op="mean")  # type: ignore[assignment]
        value = float(mean)
        self._loss_sum, self._loss_steps = 0.0, 0
        if self._first_loss is None and math.isfinite(value):
            self._first_loss = value
        if not math.isfinite(value):
            self.failure = f"the loss became {value} by step {self.step}"
        elif self._first_loss is not None and value > _EXPLODED * max(self._first_loss, 1.0):
            self.failure = f"the loss exploded from {self._first_loss:.3g} to {value:.3g} by step {self.step}"

    def _look(self, on_look: Callable[[Look], None]) -> None:
        with self.clock.phase("evaluate"):
            metric = self.evaluate(self.model)
            if self.fabric.world_size > 1:  # running statistics differ between processes by their last batch
                metric = float(self.fabric.broadcast(metric))
            seconds, phases = self.clock.seconds, self.clock.phases
            scoring = phases.get("scoring", 0.0)
            besides = seconds - phases.get("train", 0.0) - scoring
            look = Look(seconds, self.step, self.examples, metric, besides, scoring, self.scored)
            self.looks.append(look)
            on_look(look)

    def state_dict(self) -> dict[str, Any]:
        """Everything an exact continuation needs, as plain data and tensors."""
        return {
            "model": checkpoint.unwrapped(self.model).state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "random": checkpoint.random_state(self.fabric.device),
            "phases": self.clock.phases,
            "step": self.step,
            "examples": self.examples,
            "trained": self.trained,
            "scored": self.scored,
            "looks": [asdict(look) for look in self.looks],
            "failure": self.failure,
            "loss": [float(self._loss_sum), self._loss_steps, self._first_loss],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state_dict()` of a loop made with the same arguments; the clock must hold its phases."""
        checkpoint.unwrapped(self.model).load_state_dict(state["model"])
        checkpoint.load_optimizer(self.optimizer, state["optimizer"])
        self.loader.load_state_dict(state["loader"])
        checkpoint.load_random_state(state["random"], self.fabric.device)
        self.step, self.examples = state["step"], state["examples"]
        self.trained, self.scored = state["trained"], state["scored"]
        self.looks = [Look(**look) for look in state["looks"]]
        self.failure = state["failure"]
        self._loss_sum, self._loss_steps, self._first_loss = state["loss"]
