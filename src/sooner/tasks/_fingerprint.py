"""A short digest by which a race knows its data again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch

from sooner.tasks._base import Examples

_SAMPLE = 512


def fingerprint(train: Examples, test: Examples, classes: Sequence[str]) -> str:
    """Hex digest (128 bits of BLAKE2b) over the classes, all targets, and the inputs of 512 evenly spaced examples of
    each part.

    It tells data sets apart, and versions of one that differ in size, order, labels or processing. It reads a sample
    only, so it does not see a change in a few single inputs. The same for a set in memory and on disk. Takes 10 ms for
    60,000 small images in memory; on disk the time to decode 1,024 images.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr(list(classes)).encode())
    for part in (train, test):
        digest.update(part.targets.cpu().numpy().tobytes())
        index = torch.linspace(0, len(part) - 1, min(len(part), _SAMPLE), dtype=torch.float64).round().long()
        inputs, _ = part.fetch(index)
        digest.update(f"{len(part)} {inputs.dtype} {tuple(inputs.shape)}".encode())
        digest.update(inputs.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
