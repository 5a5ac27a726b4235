import pytest
import torch
from torch.nn import functional as F

from sooner.augmentation import ProgressiveResizing
from sooner.augmentation.progressive_resizing import area
from sooner.random import generator


def test_three_pixels_become_two_by_hand():
    # Each new pixel covers one old one and half of the middle one.
    inputs = torch.tensor([[[[3.0, 6.0, 9.0]] * 3]])
    assert torch.allclose(area(inputs, 3, 2)[0, 0, 0], torch.tensor([(3 + 6 / 2) / 1.5, (6 / 2 + 9) / 1.5]))


@pytest.mark.parametrize("factor", [2, 4])
def test_at_whole_ratios_it_is_the_mean_of_squares(factor):
    inputs = torch.rand(3, 2, 16, 24, generator=generator(0))
    assert torch.allclose(area(inputs, 16 // factor, 24 // factor), F.avg_pool2d(inputs, factor), atol=1e-6)


def test_at_other_ratios_it_is_the_mean_of_a_finer_image():
    inputs = torch.rand(2, 3, 10, 15, generator=generator(0))
    fine = inputs.repeat_interleave(7, 2).repeat_interleave(4, 3)  # 70 x 60: 7 new rows, 12 new columns
    assert torch.allclose(area(inputs, 7, 12), F.avg_pool2d(fine, (10, 5)), atol=1e-6)


def test_the_mean_stays():
    inputs = torch.rand(4, 3, 28, 32, generator=generator(0))
    assert torch.allclose(area(inputs, 17, 21).mean((2, 3)), inputs.mean((2, 3)), atol=1e-6)


@pytest.mark.parametrize(
    ("augment", "sizes"),
    [
        (ProgressiveResizing(), [16, 20, 24, 28, 32, 32]),  # at progress 0, .2, .4, .6, .8, 1
        (ProgressiveResizing(multiple=16), [16, 16, 32, 32, 32, 32]),  # 24 at .4: ties upwards
        (ProgressiveResizing(since=0.4, multiple=1), [16, 16, 16, 24, 32, 32]),
        (ProgressiveResizing(start=0.75, until=0.4), [24, 28, 32, 32, 32, 32]),
        (ProgressiveResizing(since=0.6, until=0.6), [16, 16, 16, 32, 32, 32]),
        (ProgressiveResizing(start=1.0), [32] * 6),
        (ProgressiveResizing(start=0.01), [4, 8, 16, 24, 32, 32]),
    ],
    ids=repr,
)
def test_the_size_by_progress(augment, sizes):
    found = [augment(torch.zeros(1, 1, 32, 32), fifth / 5, generator(0)).shape[2] for fifth in range(6)]
    assert found == sizes


def test_at_full_size_nothing_is_copied():
    inputs = torch.zeros(2, 3, 30, 30)
    assert ProgressiveResizing()(inputs, 0.8, generator(0)) is inputs


def test_bad_arguments():
    for start in (0, 1.5):
        with pytest.raises(ValueError, match=f"start must be above 0 and at most 1, not {start}"):
            ProgressiveResizing(start=start)
    with pytest.raises(ValueError, match=r"since must be at least 0 and at most 1, not -0\.1"):
        ProgressiveResizing(since=-0.1)
    with pytest.raises(ValueError, match="until must be at least 0 and at most 1, not 2"):
        ProgressiveResizing(until=2)
    with pytest.raises(ValueError, match=r"until must be at least since, 0\.5, not 0\.4"):
        ProgressiveResizing(since=0.5, until=0.4)
    with pytest.raises(ValueError, match="multiple must be at least 1, not 0"):
        ProgressiveResizing(multiple=0)
