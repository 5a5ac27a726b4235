"""Making images smaller: a size that suits a net, and a linear map along each axis."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def size_near(length: int, share: float, multiple: int) -> int:
    """The multiple of `multiple` nearest to `share` of `length`, ties upwards; at least one and at most `length`.

    With a share of 1 it is `length` itself, whether a multiple or not.
    """
    if share >= 1:
        return length
    return min(length, multiple * max(1, math.floor(length * share / multiple + 0.5 + 1e-9)))


def resampled(inputs: Tensor, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Tensor:
    """Images (B, C, h, w): `rows` (h, H) times each image of `inputs` (B, C, H, W) times `columns` (w, W) transposed.

    Computed in float32; of the dtype, device and memory format of `inputs`.
    """
    along_h, along_w = (torch.from_numpy(matrix).to(inputs.device) for matrix in (rows, columns))
    small = (along_h @ (inputs.float() @ along_w.T)).to(inputs.dtype)
    last = inputs.is_contiguous(memory_format=torch.channels_last)
    return small.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
