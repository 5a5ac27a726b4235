"""What machine this is, what runs on it, and whether it is quiet enough to be timed on."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib import metadata
from typing import Any

import psutil
import torch

from sooner._version import __version__
from sooner.errors import SoonerError
from sooner.racing.machine.cores import usable_cores

_BUSY = 0.15  # share of all cores that others may use before a race warns


def pick_device(name: str = "auto") -> torch.device:
    """The device to race on: "auto" is the first CUDA device if there is one, else the CPU.

    Raises SoonerError where there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise SoonerError(f"there is no device '{name}'; give auto, cpu, cuda or cuda:1") from None
    if device.type not in ("cpu", "cuda"):
        raise SoonerError(f"races run on cpu or cuda, not on '{name}'")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        there = torch.cuda.device_count()
        raise SoonerError(f"{name} was asked for, but PyTorch sees {there} CUDA device{'' if there == 1 else 's'} here")
    return torch.device("cuda", device.index or 0) if device.type == "cuda" else device


def describe(device: torch.device) -> dict[str, Any]:
    """Processor, cores, threads, memory and accelerator. What is not known is left out, never guessed."""
    facts: dict[str, Any] = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_name(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts["accelerator"] = properties.name
        facts["accelerator_memory_gib"] = round(properties.total_memory / 2**30, 1)
        facts["cuda"] = torch.version.cuda
    return facts


def kind(device: torch.device) -> dict[str, Any]:
    """What runs must share to be compared in time: processor, threads, accelerator, and the versions that compute."""
    described, installed = describe(device), versions()
    keys = ("cpu", "threads", "accelerator")
    return {
        **{key: described[key] for key in keys if key in described},
        **{key: installed[key] for key in ("sooner", "torch")},
    }


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def versions() -> dict[str, str]:
    """Versions of sooner, Python and the packages that could change a result, of those that are installed."""
    installed = {"sooner": __version__, "python": platform.python_version(), "torch": torch.__version__}
    for name in ("numpy", "scipy", "lightning-fabric", "datasets", "pillow"):
        with suppress(metadata.PackageNotFoundError):  # some belong to extras that a race may do without
            installed[name] = metadata.version(name)
    return installed


def load_by_others(seconds: float = 0.5) -> float:
    """Share in [0, 1] of all cores in use while this process sleeps for `seconds`."""
    return float(psutil.cpu_percent(interval=seconds)) / 100


def is_busy(share: float) -> bool:
    """Whether a machine of whose cores others use this `share`, in [0, 1], is too busy to be timed on."""
    return share >= _BUSY
