"""How many cores this process may use, and how many threads a run gets where nobody says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psutil

# As PyTorch heeds them: where both are set, MKL's wins.
_VARIABLES = ("MKL_NUM_THREADS", "OMP_NUM_THREADS")


def default_threads() -> int:
    """The threads that the environment asks for, as OMP_NUM_THREADS does, else one per core that may be used."""
    for name in _VARIABLES:
        # A list is for nested parallel regions; its first number is the outer one's.
        first = re.match(r"\s*([1-9]\d{0,5})\s*(,|$)", os.environ.get(name, ""))
        if first:
            return int(first.group(1))
    return usable_cores()


def usable_cores() -> int:
    """Physical cores that this process may use, as a second hardware thread rarely helps dense arithmetic.

    Held against its affinity, and against what its control groups grant: 1.5 processors of a container are one core,
    since two busy threads would be stopped for part of every period.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    granted = quota()
    if granted is not None:
        allowed = min(allowed, int(granted))
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))


def quota(groups: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Processors that the control groups of this process grant it, the least of all levels; None without a limit.

    Args:
        groups: lists the groups of this process, a line "number:controllers:/path" for each hierarchy.
        mounted: where the hierarchies are.
    """
    granted: list[float] = []
    try:
        lines = groups.read_text().splitlines()
    except OSError:
        return None  # not on Linux
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        hierarchy = mounted / "cpu" if controllers else mounted
        inside = Path(path.lstrip("/"))
        # In a container the path may be that of the host, which is not there: its own group is then the root.
        levels = [hierarchy / level for level in (inside, *inside.parents)]
        limits = (_limit(level) if controllers else _limit_unified(level) for level in levels)
        granted += [limit for limit in limits if limit is not None]
    return min(granted, default=None)


def _limit_unified(group: Path) -> float | None:
    """Of a group of the unified hierarchy: "max 100000", or microseconds per period, "150000 100000"."""
    try:
        amount, period = (group / "cpu.max").read_text().split()
        return None if amount == "max" else int(amount) / int(period)
    except (OSError, ValueError):
        return None


def _limit(group: Path) -> float | None:
    """Of a group of the older hierarchy, where -1 is no limit."""
    try:
        amount = int((group / "cpu.cfs_quota_us").read_text())
        return amount / int((group / "cpu.cfs_period_us").read_text()) if amount > 0 else None
    except (OSError, ValueError):
        return None
