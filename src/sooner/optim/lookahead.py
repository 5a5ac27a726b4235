"""Lookahead: k steps forward, one step back."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.optim import Optimizer

from sooner._arguments import share, whole_number
from sooner._sharded import parts
from sooner.optim._base import Wrapper
from sooner.registry import Method, register

_SLOW = "slow"  # in state[parameter]; of a Lookahead around another one "slow_2", and so on
_TAKEN = "lookahead_steps"  # in a group: steps of the inner optimizer since the last meeting


class Lookahead(Wrapper):
    """After every k steps of the inner optimizer: slow += alpha (fast - slow), fast = slow.

    Source: Zhang, Lucas, Hinton and Ba, Lookahead Optimizer: k steps forward, 1 step back, NeurIPS 2019, algorithm 1.
    The inner optimizer's state (momentum) is kept as it is at a meeting, the paper's default. The slow weights start
    as the parameters are before their first step. Between meetings the model holds the fast weights, and so does an
    evaluation there: the paper evaluates slow ones, which a budget of a multiple of k steps ends with. Running
    statistics of batch norm are not averaged.

    `pytorch_optimizer.Lookahead` takes the same steps, but keeps its slow weights where surgery cannot see them and
    cannot be pickled.

    Args:
        optimizer: the inner one.
        k: steps between meetings, at least 1.
        alpha: of the way that the slow weights go towards the fast ones, above 0 and at most 1.

    Costs one tensor of each parameter's size, in `state[parameter]["slow"]`, and one pass over both every k steps.
    """

    def __init__(self, optimizer: Optimizer, k: int = 5, alpha: float = 0.5) -> None:
        super().__init__(optimizer)
        self.k = whole_number("k", k, least=1)
        self.alpha = share("alpha", alpha)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of the inner optimizer, and a meeting if it is the k-th. Returns what `closure` does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        own_slow, own_taken = self._own(_SLOW), self._own(_TAKEN)
        moving = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        # Optimizers take an empty state for a fresh one, so these must not be in it before their first step.
        first = {p: p.detach().clone() for p in moving if own_slow not in self.state.get(p, {})}
        self.optimizer.step()
        for parameter, slow in first.items():
            self.state[parameter][own_slow] = slow
        for group in self.param_groups:
            group[own_taken] = group.get(own_taken, 0) + 1
            if group[own_taken] >= self.k:
                group[own_taken] = 0
                fast = [p for p in group["params"] if own_slow in self.state.get(p, {})]
                slow_ones = [self.state[p][own_slow] for p in fast]
                if fast:
                    torch._foreach_lerp_(parts(slow_ones), parts(fast), self.alpha)
                    torch._foreach_copy_(parts(fast), parts(slow_ones))
        return loss


register(
    Method(
        name="lookahead",
        seam="optim",
        make=Lookahead,
        title="Lookahead, k steps forward, one step back",
        paper="Zhang, Lucas, Hinton and Ba, Lookahead Optimizer: k steps forward, 1 step back",
        year=2019,
        changes="Every few steps the weights go back half of the way that they have come.",
        costs="One more copy of the parameters, and one pass over them every few steps.",
        helps="At high learning rates and noisy gradients, and where the learning rate was not searched.",
        hurts="Under a schedule that anneals to zero its gain is small: both reduce the noise of the end.",
        many=True,
        stage=1,
    )
)
