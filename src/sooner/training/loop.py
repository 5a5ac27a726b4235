"""The training loop: batches from the loader, one optimizer step each, a look at the metric on an even grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from sooner._modules import unwrapped
from sooner.averaging import Averaging
from sooner.batch import Batch
from sooner.batching import Batching, join
from sooner.budget import Budget
from sooner.losses import Loss
from sooner.sampling import Screening
from sooner.schedules import Schedule
from sooner.sparsity import SparseTraining
from sooner.training import checkpoint
from sooner.training.clock import Clock
from sooner.training.divergence import LossWatch
from sooner.training.evaluation import Evaluation
from sooner.training.idleness import IdleWatch
from sooner.training.loading import Loader
from sooner.training.operations import Operations
from sooner.training.screening import screened
from sooner.training.step import Step, Surgery


class Loop:
    """One training run, from its first step or from a state that an earlier one saved.

    A step takes one batch (over all processes), in `accumulate` parts if asked, and divides the weighted sum of the
    losses by the number of examples in the whole batch, so neither accumulation nor the number of processes changes
    the gradient. Progress through the budget sets the learning rate, so a schedule always fits its budget.

    A sampler that screens (see `sooner.sampling.Screening`) gets the losses of a batch before it is trained on: a pass
    forward without gradients, the model in evaluation mode so that nothing in it changes, on the clock as "scoring".
    A budget in examples or epochs counts what the sampler hands out, screened out or not, as the papers count their
    epochs; so it ends even when hardly anything is left to train on. A budget in steps does not, and a run in which
    nothing is left fails: see `IdleWatch`. `trained` and `scored` count the two kinds of passes, and the clock counts
    all. A sampler that observes gradients gets each batch's mean, so it orders batches.

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
        accumulate: micro-batches per batch of the sampler, at least 1.
        batching: how many of the sampler's batches a step joins, and the learning rate that goes with it.
        sparsity: masks over the model, made with `optimizer`.
        structure: surgeries on the model, made with `optimizer`.
        averaging: a mean of the model's weights, which is evaluated in their place. What it takes to make the mean
            ready is on the clock as "averaging".
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
        batching: Batching | None = None,
        sparsity: SparseTraining | None = None,
        structure: Sequence[Surgery] = (),
        averaging: Averaging | None = None,
    ) -> None:
        if every < 1 or accumulate < 1:
            raise ValueError(f"every and accumulate must be at least 1, not {every} and {accumulate}")
        self.fabric = fabric
        self.watch = LossWatch(fabric)
        self.idle = IdleWatch(loader.sampler.n, type(loader.sampler).__name__, by_steps=budget.unit == "ba")
        self.stepper = Step(
            model,
            optimizer,
            loss,
            loader,
            fabric,
            self.watch,
            accumulate=accumulate,
            batching=batching,
            sparsity=sparsity,
            structure=structure,
            averaging=averaging,
        )
        self.model, self.optimizer = self.stepper.model, self.stepper.optimizer
        self.operations = Operations(unwrapped(self.model), sparsity, clock)
        self.loader = loader
        self.schedule = schedule
        self.budget = budget
        self.evaluate = evaluate
        self.every = every
        self.clock = clock
        self.step = 0
        self.examples = 0  # handed out by the sampler
        self.trained = 0  # of these, passed forward and backward
        self.scored = 0  # of these, passed forward only, before any of their batch was trained on
        self.looks: list[Evaluation] = []
        self._kinds: set[str] = set()  # of the steps since the last look

    @property
    def failure(self) -> str | None:
        """Why the run diverged or trains on nothing, None as long as it does neither."""
        return self.watch.failure or self.idle.failure

    @property
    def progress(self) -> float:
        """Share of the budget spent, in [0, 1]."""
        n = self.loader.sampler.n
        return self.budget.progress(step=self.step, examples=self.examples, seconds=self._seconds(), n=n)

    def run(
        self,
        on_look: Callable[[Evaluation], None] = lambda look: None,
        on_step: Callable[[], None] = lambda: None,
    ) -> None:
        """Train until the budget is spent, or the loss has diverged or nothing is trained on (`failure` says how).

        `on_look` is called after each evaluation, `on_step` after each step; raising `Stopped` from the latter
        leaves the loop in a state that can be saved and resumed.
        """
        if not self.looks:
            self._look(on_look)
        self.model.train()
        with self.clock.phase("train"):
            while not self._ended:
                self._round(on_look, on_step)
        if self.failure is None:
            self.idle.end(self.step)

    @property
    def _ended(self) -> bool:
        return self.failure is not None or self.progress >= 1.0

    def _seconds(self) -> float:
        if self.budget.unit != "s" or self.fabric.world_size == 1:
            return self.clock.seconds
        return float(self.fabric.broadcast(self.clock.seconds))  # processes must agree when to end

    def _round(self, on_look: Callable[[Evaluation], None], on_step: Callable[[], None]) -> None:
        self.loader.progress = self.loader.sampler.progress = self.progress
        batches = iter(self.loader)
        with self.clock.phase("sampling"):
            batch = self._next(batches)
        while batch is not None:
            self._step(batch)
            self._after_step(on_look)
            if self._ended:
                return
            on_step()
            self.loader.progress = self.progress
            batch = self._next(batches)
        self.stepper.end_round()

    def _next(self, batches: Iterator[Batch]) -> Batch | None:
        """As many of the round's next batches as a step joins, fewer at its end."""
        together = list(islice(batches, self.stepper.joined))
        return join(together) if together else None

    def _after_step(self, on_look: Callable[[Evaluation], None]) -> None:
        due = self.examples // self.every > self.looks[-1].examples // self.every
        ended = self.progress >= 1.0 and self.looks[-1].step < self.step
        if due or ended or self.watch.due:
            self.watch.check(self.step)
        if (due or ended) and self.failure is None:
            self._look(on_look)

    def _step(self, batch: Batch) -> None:
        sampler, world = self.loader.sampler, self.fabric.world_size
        drawn = own = len(batch)
        scored = 0
        if isinstance(sampler, Screening) and sampler.screens(batch.index):
            scored = drawn
            with self.clock.phase("scoring"):
                module = unwrapped(self.model)
                batch, own = screened(batch, sampler, module, self.stepper.loss, self.fabric)
        trained = own
        if world > 1:
            drawn, trained, scored = self._sum_over_processes(drawn, own, scored)
        version = self.stepper.version  # of the model that the batch passes through
        joined = max(1, drawn // sampler.batch_size)  # fewer than asked for at the end of a round
        if trained:
            progress = self.progress
            rate = self.schedule(progress)
            self.stepper.make(batch, own, trained, joined=joined, rate=rate, progress=progress)
            self.step += 1
        self.examples += drawn
        self.trained += trained
        self.scored += scored
        self.idle.add(drawn, trained)
        shape = tuple(batch.inputs.shape[1:]) if isinstance(batch.inputs, Tensor) else ()
        self.operations.add(shape, version, trained, scored, self.stepper.passes)
        if trained:
            self._kinds.add("x".join(map(str, (*shape, f"{joined}b", f"v{version}"))))
            self.stepper.conclude(self.progress)

    def _sum_over_processes(self, *counts: int) -> list[int]:
        reduced = self.fabric.all_reduce(torch.tensor(counts), reduce_op="sum")
        return reduced.tolist()  # type: ignore[union-attr]

    def _look(self, on_look: Callable[[Evaluation], None]) -> None:
        if self.stepper.averaging is not None:
            with self.clock.phase("averaging"):
                self.stepper.averaging.prepare()
        with self.clock.phase("evaluate"):
            with self.stepper.evaluated():
                metric = self.evaluate(self.model)
            if self.fabric.world_size > 1:  # running statistics differ between processes by their last batch
                metric = float(self.fabric.broadcast(metric))
            seconds, phases = self.clock.seconds, self.clock.phases
            scoring = phases.get("scoring", 0.0)
            besides = seconds - phases.get("train", 0.0) - scoring
            kind = " ".join(sorted(self._kinds))
            look = Evaluation(seconds, self.step, self.examples, metric, besides, scoring, self.scored, kind)
            self._kinds.clear()
            self.looks.append(look)
            on_look(look)

    def state_dict(self) -> dict[str, Any]:
        """Everything an exact continuation needs, as plain data and tensors."""
        return {
            "model": unwrapped(self.model).state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "methods": [part.state_dict() for part in self._parts],
            "structure": [surgery.state_dict() for surgery in self.stepper.structure],
            "random": checkpoint.random_state(self.fabric.device),
            "phases": self.clock.phases,
            "step": self.step,
            "examples": self.examples,
            "trained": self.trained,
            "scored": self.scored,
            "looks": [asdict(look) for look in self.looks],
            "kinds": sorted(self._kinds),
            "watch": self.watch.state_dict(),
            "idle": self.idle.state_dict(),
            "operations": self.operations.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state_dict()` of a loop made with the same arguments; the clock must hold its phases."""
        for surgery, saved in zip(self.stepper.structure, state["structure"], strict=True):
            surgery.load_state_dict(saved)  # first: the tensors that follow are of the smaller shapes
        unwrapped(self.model).load_state_dict(state["model"])
        checkpoint.load_optimizer(self.optimizer, state["optimizer"])
        self.loader.load_state_dict(state["loader"])
        for part, saved in zip(self._parts, state["methods"], strict=True):
            part.load_state_dict(saved)
        checkpoint.load_random_state(state["random"], self.fabric.device)
        self.step, self.examples = state["step"], state["examples"]
        self.trained, self.scored = state["trained"], state["scored"]
        self.looks = [Evaluation(**look) for look in state["looks"]]
        self._kinds = set(state["kinds"])
        self.watch.load_state_dict(state["watch"])
        if "idle" in state:  # not in what 0.2.0 saved
            self.idle.load_state_dict(state["idle"])
        self.operations.load_state_dict(state["operations"])

    @property
    def _parts(self) -> list[Any]:
        """What has a state of its own besides the model, the optimizer, the loader and the surgeries."""
        parts = (self.stepper.loss, self.stepper.batching, self.stepper.sparsity, self.stepper.averaging)
        return [part for part in parts if hasattr(part, "state_dict")]
