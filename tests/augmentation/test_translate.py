import pytest
import torch
from torch.nn import functional as F

from sooner.augmentation import Translate
from sooner.random import generator


def test_every_shift_of_a_row_by_hand():
    inputs = torch.tensor([0.0, 1.0, 2.0, 3.0]).expand(400, 1, 4, 4)
    rows = {tuple(row) for row in Translate(pixels=2)(inputs, 0.0, generator(0, "translate"))[:, 0, 0].tolist()}
    assert rows == {
        (2.0, 1.0, 0.0, 1.0),  # two to the right: 1 and 2 mirrored at 0
        (1.0, 0.0, 1.0, 2.0),
        (0.0, 1.0, 2.0, 3.0),
        (1.0, 2.0, 3.0, 2.0),
        (2.0, 3.0, 2.0, 1.0),  # two to the left: 2 and 1 mirrored at 3
    }


def test_it_is_a_random_crop_of_the_image_padded_by_reflection():
    pixels, size = 2, 5
    image = torch.rand(1, 3, size, size + 1, generator=generator(0, "image"))
    padded = F.pad(image, (pixels,) * 4, "reflect")[0]
    crops = torch.stack(
        [padded[:, y : y + size, x : x + size + 1] for y in range(2 * pixels + 1) for x in range(2 * pixels + 1)]
    )
    outputs = Translate(pixels)(image.expand(5000, -1, -1, -1), 0.0, generator(0, "translate"))
    which = (outputs[:, None] == crops).flatten(2).all(2)
    assert torch.equal(which.sum(1), torch.ones(5000, dtype=torch.int64))
    shares = which.float().mean(0)  # 25 shifts, 200 of each expected, standard deviation 14
    assert (shares - 1 / 25).abs().max() < 5 * 14 / 5000


def test_bad_arguments():
    with pytest.raises(ValueError, match="pixels must be at least 1, not 0"):
        Translate(pixels=0)
    with pytest.raises(ValueError, match="pixels=4 needs images larger than that, not 8x4"):
        Translate(pixels=4)(torch.zeros(1, 1, 8, 4), 0.0, generator(0))
