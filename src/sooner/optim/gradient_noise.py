"""Gradient noise: random numbers that fade are added to every gradient."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import torch
from torch import Tensor
from torch.optim import Optimizer

from sooner._arguments import number, whole_number
from sooner._sharded import shard_like
from sooner.optim._base import Wrapper
from sooner.optim._checks import as_real, with_gradients
from sooner.optim._gradients import gradients
from sooner.random import generator
from sooner.registry import Method, register

_STEPS = "gradient_noise_steps"  # in the first group, where state dicts look


class GradientNoise(Wrapper):
    """Adds independent N(0, eta / (1 + t)^gamma) to each entry of the gradient of step t, from t = 0.

    Of complex numbers both parts are entries.

    Source: Neelakantan et al., Adding Gradient Noise Improves Learning for Very Deep Networks, 2015, equation 1; they
    choose eta from 0.01, 0.3 and 1 and keep gamma at 0.55. The published text clips gradients by their norm before; do
    that before the step.

    The numbers depend on (seed, step, place of the tensor) alone, so a resumed run draws the same, and all ranks do.
    They are drawn on the CPU and sent to the parameter's device.

    Args:
        optimizer: the inner one.
        eta: variance of the first step's noise, above 0.
        gamma: how fast it fades, at least 0.
        seed: any integer.

    Costs a random number and a copy per weight and step: on a CPU about a millisecond per 100,000 weights.
    `parameter.grad` is afterwards what it was.
    """

    def __init__(self, optimizer: Optimizer, eta: float = 0.3, gamma: float = 0.55, seed: int = 0) -> None:
        super().__init__(optimizer)
        self.eta = number("eta", eta, 0.0)
        if self.eta == 0:
            raise ValueError("eta must be above 0, not 0: leave gradient-noise out to train without it")
        self.gamma = number("gamma", gamma, 0.0)
        self.seed = whole_number("seed", seed)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of the inner optimizer along the noisy gradients. Returns what `closure` does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        own_steps = self._own(_STEPS)
        steps = self.param_groups[0].get(own_steps, 0)
        drawn = generator(self.seed, self._own("gradient noise"), steps)
        deviation = (self.eta / (1 + steps) ** self.gamma) ** 0.5
        replaced: list[tuple[Tensor, Tensor]] = []
        for group in self.param_groups:
            for parameter in with_gradients(group, "gradient-noise")[0]:
                noisy = torch.empty_like(parameter).copy_(parameter.grad)  # type: ignore[arg-type]
                values = as_real(noisy)
                noise = torch.empty(values.shape).normal_(0.0, deviation, generator=drawn)
                values.add_(shard_like(noise, values))
                replaced.append((parameter, noisy))
        with gradients(replaced):
            self.optimizer.step()
        self.param_groups[0][own_steps] = steps + 1
        return loss


register(
    Method(
        name="gradient-noise",
        seam="optim",
        make=GradientNoise,
        title="Gradient noise",
        paper="Neelakantan et al., Adding Gradient Noise Improves Learning for Very Deep Networks",
        year=2015,
        changes="Noise that fades as training goes on is added to every gradient.",
        costs="A random number per weight and step.",
        helps="Very deep nets from a poor start, which plain gradients leave in bad places.",
        hurts="With a good initialisation and batch norm: small batches bring noise enough.",
        many=True,
        refuses=MappingProxyType({"sparsity/*": "its noise would move weights that are dead"}),
        example=MappingProxyType({"eta": 0.01}),
    )
)
