"""Randomness that belongs to whoever asks for it: a generator per (seed, purpose), never the global state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive(seed: int, *purpose: str | int) -> int:
    """A seed in [0, 2**63) that depends on `seed` and on every part of `purpose`, the same on every machine.

    Distinct purposes give unrelated streams, so adding a use of randomness never shifts another one.
    """
    text = "\x1f".join([str(int(seed)), *(f"{type(part).__name__}:{part}" for part in purpose)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh `torch.Generator` on `device`, seeded from (seed, purpose). Costs a few microseconds."""
    return torch.Generator(device=device).manual_seed(derive(seed, *purpose))


@contextmanager
def isolated(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed torch's global generators inside, and put them back as they were afterwards.

    For code that is not ours and draws from them: a model's own initialisation and dropout.
    """
    cuda = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(derive(seed, *purpose))
        yield
