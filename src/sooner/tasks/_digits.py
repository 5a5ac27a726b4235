"""The digits data set that comes with scikit-learn: real images, no download."""

from __future__ import annotations

import numpy as np
import torch

from sooner.tasks._assemble import finish, hold_out
from sooner.tasks._base import Data
from sooner.tasks._labels import Labels
from sooner.tasks.examples import InMemory

HELD_OUT = 0.20


def digits() -> Data:
    """1,797 handwritten digits of 8x8 pixels (Alpaydin and Kaynak, 1998), a stratified fifth held out as test part.

    The set's own grey values, 0 to 16, are scaled to 0 to 255.
    """
    from sklearn.datasets import load_digits

    images, targets = load_digits(return_X_y=True)
    pixels = np.round(images * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    labels = Labels(torch.from_numpy(targets.astype(np.int64)), None, tuple("0123456789"))
    whole = InMemory(torch.from_numpy(pixels), labels.train)
    train, test = hold_out(labels, HELD_OUT)
    return finish("digits", "image", whole.subset(train), whole.subset(test), labels.classes)
