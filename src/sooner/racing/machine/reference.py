"""The machine's own pace, measured: a small fixed workload that is timed beside the runs, off their clock."""

from __future__ import annotations

from functools import cache
from time import perf_counter

import torch
from torch import Tensor

_SIZE = 256  # rows and columns of what is multiplied
_PRODUCTS = 8  # in one measurement: one to a few milliseconds on a core
_EVERY = 0.5  # seconds between measurements, at least
_SHARE = 0.01  # of the time that measuring may take


class Reference:
    """Times products of 256x256 matrices in float32 on `device`, with the threads that PyTorch uses there.

    A lane's own steps cannot tell a disturbed machine from steps that differ in cost; work that is always the same can.
    It draws no random numbers. A measurement takes a few milliseconds.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._taken: list[float] = []
        self._next = 0.0

    def measure(self) -> None:
        """Time the workload now, whenever it was timed before."""
        began = perf_counter()
        self._taken.append(timed(self._device))
        now = perf_counter()
        self._next = now + max(_EVERY, (now - began) / _SHARE)

    def poll(self) -> None:
        """Time it unless that was done less than 0.5 s ago, or would take more than about 1% of the time."""
        if perf_counter() >= self._next:
            self.measure()

    @property
    def seconds(self) -> float | None:
        """Mean seconds of the workload, None before the first measurement: disturbances count by their share."""
        return sum(self._taken) / len(self._taken) if self._taken else None


def timed(device: torch.device) -> float:
    """Seconds that the workload takes now."""
    product = left = _matrix(device)
    _settle(device)
    began = perf_counter()
    for _ in range(_PRODUCTS):
        product = product @ left
    _settle(device)
    return perf_counter() - began


@cache
def _matrix(device: torch.device) -> Tensor:
    """Entries of 1/256, whose products stay as they are; multiplied once, so that no measurement pays for the start."""
    matrix = torch.full((_SIZE, _SIZE), 1 / _SIZE, dtype=torch.float32, device=device)
    for _ in range(_PRODUCTS):
        torch.mm(matrix, matrix)
    return matrix


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
