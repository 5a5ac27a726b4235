"""How much may be held in memory."""

from __future__ import annotations

import psutil


def fits(size: int) -> bool:
    """Whether `size` bytes are at most a quarter of the memory that is available now."""
    return size <= psutil.virtual_memory().available // 4
