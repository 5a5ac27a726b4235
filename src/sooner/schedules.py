"""Learning-rate schedules: pure functions from progress in [0, 1] to a factor of the peak rate.

A schedule knows no steps. The training loop gives it the share of the budget that is spent before each step, so it fits
any budget, batch size and number of processes, and a resumed run needs no state of it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal


def _cosine(share: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * share))


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """A linear warm-up to the peak, then what a subclass makes of the rest.

    Args:
        warmup: share of the budget in [0, 1) over which the rate rises.
        start: factor in [0, 1] of the peak where it rises from. At 0 the first step of a warm-up moves nothing.

    Raises:
        ValueError: if a factor or share is outside its range.
    """

    warmup: float = 0.0
    start: float = 0.1

    def __post_init__(self) -> None:
        if not 0.0 <= self.warmup < 1.0:
            raise ValueError(f"warmup must be a share of the budget in [0, 1), not {self.warmup}")
        for name in ("start", "end"):
            factor = getattr(self, name, 0.0)
            if not 0.0 <= factor <= 1.0:
                raise ValueError(f"{name} must be a factor of the peak rate in [0, 1], not {factor}")

    def __call__(self, progress: float) -> float:
        """The factor of the peak rate, in [0, 1], at `progress` in [0, 1]. Raises ValueError outside."""
        if not 0.0 <= progress <= 1.0:
            raise ValueError(f"progress must be in [0, 1], not {progress}")
        if progress < self.warmup:
            return self.start + (1.0 - self.start) * progress / self.warmup
        return self._after_warmup((progress - self.warmup) / (1.0 - self.warmup))

    @abstractmethod
    def _after_warmup(self, share: float) -> float:
        """The factor at a share in [0, 1] of what follows the warm-up."""


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """The peak rate, after the warm-up."""

    def _after_warmup(self, share: float) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Linear(Schedule):
    """A straight fall to `end`, a factor in [0, 1] of the peak."""

    end: float = 0.0

    def _after_warmup(self, share: float) -> float:
        return 1.0 + (self.end - 1.0) * share


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Half a cosine down to `end`, a factor in [0, 1] of the peak (Loshchilov and Hutter, SGDR, 2017, no restart)."""

    end: float = 0.0

    def _after_warmup(self, share: float) -> float:
        return self.end + (1.0 - self.end) * _cosine(share)


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """A rise to the peak and one fall (Smith, Super-Convergence, 2018), with momentum left as it is.

    Args:
        warmup: as of every schedule; a quarter of the budget unless given.
        end: factor in [0, 1] of the peak where it ends.
        anneal: the shape of the fall, "linear" or "cosine".
    """

    warmup: float = 0.25
    end: float = 0.0
    anneal: Literal["linear", "cosine"] = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.anneal not in ("linear", "cosine"):
            raise ValueError(f"anneal must be 'linear' or 'cosine', not {self.anneal!r}")

    def _after_warmup(self, share: float) -> float:
        return self.end + (1.0 - self.end) * (1.0 - share if self.anneal == "linear" else _cosine(share))


SCHEDULES: Mapping[str, type[Schedule]] = MappingProxyType(
    {"constant": Constant, "cosine": Cosine, "linear": Linear, "one-cycle": OneCycle}
)


def make(name: str, **options: Any) -> Schedule:
    """The schedule of that name. Raises ValueError for an unknown name or option, or a value out of range."""
    if name not in SCHEDULES:
        raise ValueError(f"no schedule is named '{name}'; there are: {', '.join(SCHEDULES)}")
    allowed = [field.name for field in fields(SCHEDULES[name])]
    if unknown := sorted(set(options) - set(allowed)):
        raise ValueError(f"{name} has no option {', '.join(unknown)}; it has: {', '.join(allowed)}")
    return SCHEDULES[name](**options)
