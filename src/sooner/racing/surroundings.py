"""What a run may change of the process that it shares with the runs after it: put back when it ends, and told."""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

_MISSING = object()  # of a setting that this build, or this system, does not have


@dataclass(frozen=True)
class Setting:
    """A setting of the process.

    Attributes:
        code: what gives it a value, which is `{}` in it.
        read: its value.
        put: takes what `read` gave.
    """

    code: str
    read: Callable[[], Any]
    put: Callable[[Any], object]

    def now(self) -> Any:
        """Its value, `_MISSING` where it cannot be read."""
        try:
            return self.read()
        except (AttributeError, RuntimeError, OSError):
            return _MISSING

    def words(self, value: Any) -> str:
        """What would give it that value: "torch.set_default_dtype(torch.float64)"."""
        return self.code.format(_told(value))


def _told(value: Any) -> str:
    """The value as code; of several that are read together the first."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each!r}" for name, each in value.items())
    if callable(value):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    return repr(value[0] if isinstance(value, tuple) else value)


def _flag(owner: str, name: str) -> Setting:
    """An attribute of one of PyTorch's backends."""
    module: Any = torch.backends
    for part in owner.split("."):
        module = getattr(module, part, None)
    return Setting(
        f"torch.backends.{owner}.{name} = {{}}",
        lambda: getattr(module, name),
        lambda value: setattr(module, name, value),
    )


# Where PyTorch 2.9 and later keep what `set_float32_matmul_precision` sets for all of them.
_PRECISIONS = tuple(
    _flag(owner, "fp32_precision") for owner in ("cuda.matmul", "cudnn.conv", "cudnn.rnn", "mkldnn.matmul")
)


def _precision() -> tuple[Any, ...]:
    return torch.get_float32_matmul_precision(), *(each.now() for each in _PRECISIONS)


def _put_precision(value: tuple[Any, ...]) -> None:
    torch.set_float32_matmul_precision(value[0])
    for each, before in zip(_PRECISIONS, value[1:], strict=True):
        if before is not _MISSING and each.now() != before:
            each.put(before)


def _autocast(device: str) -> Setting:
    def put(value: tuple[bool, torch.dtype]) -> None:
        torch.set_autocast_enabled(device, value[0])
        torch.set_autocast_dtype(device, value[1])

    return Setting(
        f"torch.set_autocast_enabled({device!r}, {{}})",
        lambda: (torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)),
        put,
    )


def _attention(kind: str) -> Setting:
    cuda: Any = torch.backends.cuda
    return Setting(
        f"torch.backends.cuda.enable_{kind}_sdp({{}})",
        lambda: getattr(cuda, f"{kind}_sdp_enabled")(),
        lambda value: getattr(cuda, f"enable_{kind}_sdp")(value),
    )


# A default device costs every call of PyTorch some time, the CPU as one too.
_DEVICE = Setting(
    "torch.set_default_device({})",
    lambda: str(torch.get_default_device()),
    lambda value: torch.set_default_device(None if value == "cpu" else value),
)


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _collects(value: bool) -> None:
    (gc.enable if value else gc.disable)()


def _clock(name: str) -> Setting:
    """A function of Python's `time`, which libraries that make time stand still replace."""
    return Setting(f"time.{name} = {{}}", lambda: getattr(time, name), lambda value: setattr(time, name, value))


def _flushes() -> bool:
    """Whether numbers below the smallest normal one count as zero, which makes work on them faster."""
    return sys.float_info.min / 2 == 0


# What makes steps slower, faster or other than they are by default, and outlives the run that chose it.
SETTINGS = (
    Setting("torch.set_default_dtype({})", torch.get_default_dtype, torch.set_default_dtype),
    _DEVICE,
    Setting("torch.set_num_threads({})", torch.get_num_threads, torch.set_num_threads),
    Setting("torch.set_float32_matmul_precision({})", _precision, _put_precision),
    Setting(
        "torch.use_deterministic_algorithms({})",
        _deterministic,
        lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
    ),
    Setting("torch.set_flush_denormal({})", _flushes, torch.set_flush_denormal),
    Setting("torch.set_grad_enabled({})", torch.is_grad_enabled, torch.set_grad_enabled),
    Setting(
        "torch.autograd.set_detect_anomaly({})",
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda value: torch.set_anomaly_enabled(*value),
    ),
    _autocast("cpu"),
    _autocast("cuda"),
    _flag("cudnn", "enabled"),
    _flag("cudnn", "benchmark"),
    _flag("cudnn", "deterministic"),
    _flag("mkldnn", "enabled"),
    _flag("mkldnn", "deterministic"),
    _flag("cuda.matmul", "allow_fp16_reduced_precision_reduction"),
    _flag("cuda.matmul", "allow_bf16_reduced_precision_reduction"),
    _attention("flash"),
    _attention("mem_efficient"),
    _attention("math"),
    _attention("cudnn"),
    _clock("perf_counter"),
    _clock("monotonic"),
    _clock("time"),
    _clock("sleep"),
    Setting("numpy.seterr({})", np.geterr, lambda value: np.seterr(**value)),
    Setting("gc.isenabled() is {}", gc.isenabled, _collects),
    Setting("gc.set_threshold({}, ...)", gc.get_threshold, lambda value: gc.set_threshold(*value)),
    Setting("sys.setswitchinterval({})", sys.getswitchinterval, sys.setswitchinterval),
    Setting(
        "os.sched_setaffinity(0, {})",
        lambda: set(getattr(os, "sched_getaffinity")(0)),  # noqa: B009 - not on every system
        lambda value: getattr(os, "sched_setaffinity")(0, value),  # noqa: B009
    ),
)


@contextmanager
def kept() -> Iterator[list[str]]:
    """Put back what changes inside of `SETTINGS` and of the global generators of Python, NumPy and PyTorch's CPU.

    Yields a list that has, once it is left, what the settings had been left at, as code would write it; it stays empty
    where nothing was changed. Generators are put back without a word. Costs less than a millisecond.
    """
    before = [setting.now() for setting in SETTINGS]
    # NumPy's legacy functions are what code of others draws from.
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    left: list[str] = []
    try:
        yield left
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        torch.set_rng_state(cpu)
        for setting, value in zip(SETTINGS, before, strict=True):
            now = setting.now()
            if value is not _MISSING and now is not _MISSING and now != value:
                left.append(setting.words(now))
                setting.put(value)
            elif setting is _DEVICE and value == "cpu":
                setting.put(value)  # the CPU may have been chosen by name, which no one can see
