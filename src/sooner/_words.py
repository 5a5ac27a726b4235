"""Counted things in words."""

from __future__ import annotations


def number_of(amount: int, noun: str) -> str:
    """ "1 run", "6 runs", "13,500 runs", "2 batches", "3 classes"; the noun's plural adds "s" or "es"."""
    if amount == 1:
        return f"1 {noun}"
    return f"{amount:,} {noun}{'es' if noun.endswith(('s', 'ch', 'sh', 'x')) else 's'}"
