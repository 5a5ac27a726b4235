"""The energy counters of a machine: RAPL of its processors, NVML of its NVIDIA devices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from sooner._extras import pip_install

POWERCAP = Path("/sys/class/powercap")


class Unavailable(Exception):
    """A counter cannot be read; the message says why, and what helps."""


class Counter(Protocol):
    """A count of joules that goes up, until it begins again at 0.

    Attributes:
        wraps_at: the count, in joules, after which it begins again; None for one that never does.
    """

    @property
    def wraps_at(self) -> float | None: ...

    def read(self) -> float:
        """Joules now. Raises Unavailable."""
        ...


@dataclass(frozen=True)
class Package:
    """A processor package, cores and caches included, memory not: its RAPL counter in the Linux power capping tree.

    It counts all that runs on the package, other programs included.
    """

    folder: Path
    wraps_at: float

    def read(self) -> float:
        """Joules now. Costs some 10 microseconds."""
        return _number(self.folder / "energy_uj") / 1e6


def packages(powercap: Path = POWERCAP) -> list[Package]:
    """All processor packages of this machine, Intel's or AMD's: every one of them, or none.

    Domains within a package, and "psys", which holds packages, would count joules twice and are left out.

    Raises:
        Unavailable: where there are none, or one cannot be read.
    """
    folders = sorted(powercap.glob("intel-rapl:*"))
    zones = [folder for folder in folders if folder.name.count(":") == 1 and _text(folder / "name")[:7] == "package"]
    if not zones:
        raise Unavailable("this machine shows no RAPL counters")
    counters = [Package(folder, _number(folder / "max_energy_range_uj") / 1e6) for folder in zones]
    for counter in counters:
        counter.read()
    return counters


def _number(path: Path) -> int:
    text = _text(path)
    try:
        return int(text)
    except ValueError:
        raise Unavailable(f"{path} holds {text!r}, not a number") from None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except PermissionError:
        raise Unavailable(
            f"only root may read {path}; let others with: sudo chmod a+r {POWERCAP}/intel-rapl:*/energy_uj"
        ) from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read ({error.strerror})") from None


class Nvidia:
    """An NVIDIA device, its memory included: the counter that its driver keeps (Volta and newer).

    It counts all that runs on the device, and moves on every 20 to 100 ms.

    Args:
        device: as PyTorch numbers it.

    Raises:
        Unavailable: where it has no counter (a slice of a device has none), or nvidia-ml-py is not installed.
    """

    wraps_at = None

    def __init__(self, device: torch.device) -> None:
        try:
            import pynvml
        except ImportError:
            raise Unavailable(f"nvidia-ml-py is not installed: {pip_install('energy')}") from None
        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
            # By its UUID, as CUDA_VISIBLE_DEVICES changes PyTorch's numbers and not NVML's.
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
        except pynvml.NVMLError as error:
            raise Unavailable(str(error)) from None
        self.read()

    def read(self) -> float:
        """Joules now."""
        try:
            return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)) / 1e3
        except self._nvml.NVMLError as error:
            raise Unavailable(str(error)) from None
