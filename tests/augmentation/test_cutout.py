import pytest
import torch

from sooner.augmentation import Cutout
from sooner.random import generator


def test_the_squares_of_two_pixels_by_hand():
    # A centre c cuts rows c-1 and c, of which row -1 does not exist: 4 centres, removed rows {0}, {0,1}, {1,2}, {2,3}.
    outputs = Cutout(size=2)(torch.ones(3200, 1, 4, 4), 0.0, generator(0, "cutout"))[:, 0]
    spans = [(0,), (0, 1), (1, 2), (2, 3)]
    expected = torch.ones(16, 4, 4)
    for square, (rows, columns) in enumerate((rows, columns) for rows in spans for columns in spans):
        expected[square][torch.tensor(rows)[:, None], torch.tensor(columns)] = 0
    which = (outputs[:, None] == expected).flatten(2).all(2)
    assert torch.equal(which.sum(1), torch.ones(3200, dtype=torch.int64))
    assert (which.sum(0) - 200).abs().max() < 5 * 14  # uniform: 200 of each, standard deviation 14


@pytest.mark.parametrize("size", [1, 3, 4])
def test_a_square_wholly_inside_has_the_asked_size(size):
    outputs = Cutout(size=size)(torch.ones(500, 1, 16, 16), 0.0, generator(0, "cutout"))
    assert (outputs == 0).sum((1, 2, 3)).max() == size * size


def test_all_channels_are_cut_and_the_rest_is_as_it_was():
    inputs = 1 + torch.rand(64, 3, 8, 8, generator=generator(0, "images"))
    outputs = Cutout(size=4)(inputs, 0.0, generator(0, "cutout"))
    cut = outputs[:, :1] == 0
    assert torch.equal(outputs, torch.where(cut, 0.0, inputs))
    assert cut.flatten(1).any(1).all()


def test_bad_arguments():
    with pytest.raises(ValueError, match="size must be at least 1, not 0"):
        Cutout(size=0)
