"""Which precision a model trains faster in here, measured rather than assumed."""

from __future__ import annotations

import statistics
from time import perf_counter

import torch
from torch import nn
from torch.nn import functional as F

_GAIN = 1.1  # bf16 must be at least this much faster: below, its coarser numbers buy nothing


def choose(model: nn.Module, shape: tuple[int, ...], batch_size: int, device: torch.device, rounds: int = 5) -> str:
    """ "bf16" where autocast makes a training step of `model` at least 1.1 times as fast on `device`, else "float32".

    Costs `rounds` + 1 steps in each precision on random inputs; the two alternate, so drift hits both. The model's
    parameters are left as they were, its running statistics are not: pass one that is thrown away.
    """
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return "float32"
    step = _Step(model, shape, batch_size, device)
    seconds: dict[str, list[float]] = {"float32": [], "bf16": []}
    for _ in range(rounds + 1):
        for precision, spent in seconds.items():
            spent.append(step.seconds(precision))
    full, half = (statistics.median(spent[1:]) for spent in seconds.values())  # the first step warms up
    return "bf16" if full >= _GAIN * half else "float32"


def warm_up(model: nn.Module, shape: tuple[int, ...], batch_size: int, device: torch.device, precision: str) -> None:
    """Take three training steps of `model` on random inputs, so that no run pays for kernels being chosen and loaded.

    Its running statistics change: pass one that is thrown away.
    """
    step = _Step(model, shape, batch_size, device)
    for _ in range(3):
        step.seconds(precision)


class _Step:
    """A forward and backward pass on made-up inputs."""

    def __init__(self, model: nn.Module, shape: tuple[int, ...], batch_size: int, device: torch.device) -> None:
        self._model = model.to(device)
        inputs = torch.zeros(batch_size, *shape, device=device)
        self._inputs = inputs.to(memory_format=torch.channels_last) if len(shape) == 3 else inputs
        self._targets = torch.zeros(batch_size, dtype=torch.int64, device=device)
        self._device = device

    def seconds(self, precision: str) -> float:
        self._wait()
        began = perf_counter()
        with torch.autocast(self._device.type, torch.bfloat16, enabled=precision == "bf16"):
            outputs = self._model(self._inputs)
        F.cross_entropy(outputs.float(), self._targets).backward()  # type: ignore[no-untyped-call]
        self._model.zero_grad(set_to_none=True)
        self._wait()
        return perf_counter() - began

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
