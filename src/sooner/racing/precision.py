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
    model = model.to(device)
    inputs = torch.zeros(batch_size, *shape, device=device)
    if len(shape) == 3:
        inputs = inputs.to(memory_format=torch.channels_last)
    targets = torch.zeros(batch_size, dtype=torch.int64, device=device)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds + 1):
        for low in (False, True):
            _wait(device)
            began = perf_counter()
            with torch.autocast(device.type, torch.bfloat16, enabled=low):
                outputs = model(inputs)
            F.cross_entropy(outputs.float(), targets).backward()  # type: ignore[no-untyped-call]
            model.zero_grad(set_to_none=True)
            _wait(device)
            seconds[low].append(perf_counter() - began)
    full, half = (statistics.median(seconds[low][1:]) for low in (False, True))  # the first step warms up
    return "bf16" if full >= _GAIN * half else "float32"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
