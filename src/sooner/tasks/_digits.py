"""The digits data set, which comes with sooner: real images, no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from sooner.tasks._assemble import finish, hold_out
from sooner.tasks._base import Data
from sooner.tasks._labels import Labels
from sooner.tasks.examples import InMemory

HELD_OUT = 0.20
_FILE = Path(__file__).with_name("digits.npz")  # images (1797, 8, 8) uint8 in 0 to 16, targets (1797,) uint8


def digits() -> Data:
    """1,797 handwritten digits of 8x8 pixels, a stratified fifth held out as test part.

    The test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998, UCI Machine Learning
    Repository, CC BY 4.0), in the order in which scikit-learn has it. Its grey values, 0 to 16, are scaled to 0 to 255.
    """
    with np.load(_FILE) as file:
        images, numbers = file["images"], file["targets"]
    pixels = np.round(images * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    labels = Labels(torch.from_numpy(numbers.astype(np.int64)), None, tuple("0123456789"))
    whole = InMemory(torch.from_numpy(pixels), labels.train)
    train, test = hold_out(labels, HELD_OUT)
    return finish("digits", "image", whole.subset(train), whole.subset(test), labels.classes)
