import math

import pytest
import torch

from sooner.augmentation import RandAugment, _operations
from sooner.augmentation.randaugment import OPERATIONS
from sooner.random import generator

IMAGE = torch.rand(1, 3, 12, 12, generator=generator(0, "image")) * 0.6 + 0.2


def results(share):
    """Every operation of that share of its range on IMAGE, by (name, sign)."""
    found = {}
    for name in OPERATIONS:
        for sign in (-1, 1):
            amount = torch.tensor([sign * share])
            if name in _operations.PIXELWISE:
                found[name, sign] = _operations.PIXELWISE[name](IMAGE, amount)[0]
            else:
                drawn = {known: torch.tensor([known == name]) for known in _operations.GEOMETRIC}
                found[name, sign] = _operations.warped(IMAGE, _operations.maps(drawn, amount, 12, 12), 0.5)[0]
    return found


def test_the_papers_fourteen_operations():
    assert sorted(OPERATIONS) == sorted(["identity", *_operations.PIXELWISE, *_operations.GEOMETRIC])
    assert len(OPERATIONS) == 14


def test_one_operation_per_image_all_equally_often_in_either_direction():
    draws = 5600
    outputs = RandAugment(operations=1, magnitude=15)(IMAGE.expand(draws, -1, -1, -1), 0.0, generator(0))
    expected = results(0.5)
    count = dict.fromkeys(OPERATIONS, 0)
    signed = {}
    matched = torch.zeros(draws, dtype=torch.int64)
    for (name, sign), image in expected.items():
        which = (outputs - image).abs().flatten(1).amax(1) < 1e-5
        signed[name, sign] = int(which.sum())
        if sign == 1 or not torch.allclose(image, expected[name, 1], atol=1e-5):
            matched += which
            count[name] += int(which.sum())
    assert torch.equal(matched, torch.ones(draws, dtype=torch.int64))  # each is one of them and no other
    deviation = math.sqrt(draws / 14 * 13 / 14)
    assert all(abs(number - draws / 14) < 4.5 * deviation for number in count.values()), count
    for name in ("rotate", "shear-x", "translate-y", "color", "contrast", "brightness", "sharpness"):
        assert abs(signed[name, 1] - signed[name, -1]) < 4.5 * math.sqrt(draws / 14), name


def test_two_operations_one_after_the_other():
    outputs = RandAugment(operations=2, magnitude=15)(IMAGE.expand(4000, -1, -1, -1), 0.0, generator(0))
    brighter, inverted = torch.tensor([0.5]), torch.tensor([0.5])
    for first, second in (("brightness", "solarize"), ("solarize", "brightness")):
        both = _operations.PIXELWISE[second](_operations.PIXELWISE[first](IMAGE, brighter), inverted)
        assert ((outputs - both).abs().flatten(1).amax(1) < 1e-5).any()


def test_the_magnitude_rises_with_progress():
    batch = IMAGE.expand(300, -1, -1, -1)
    for progress, magnitude in ((0.0, 3.0), (0.5, 15.0), (1.0, 27.0)):
        rising = RandAugment(magnitude=3, end=27)(batch, progress, generator(0))
        assert torch.allclose(rising, RandAugment(magnitude=magnitude)(batch, 0.7, generator(0)), atol=1e-6)


def test_efficienttrains_levels_in_the_middle_of_its_stages():
    """Its code has 1, 3, 5, 7 and 9 of 10, which are 3, 9, 15, 21 and 27 of 30."""
    for stage, magnitude in enumerate((3, 9, 15, 21, 27)):
        inputs, middle = IMAGE.expand(64, -1, -1, -1), stage / 5 + 0.1
        rising = RandAugment(magnitude=0, end=30)(inputs, middle, generator(0))
        assert torch.allclose(rising, RandAugment(magnitude=magnitude)(inputs, 0.0, generator(0)), atol=1e-4)


def test_every_image_stays_in_its_place():
    images = torch.rand(64, 3, 12, 12, generator=generator(1, "images")) * 0.6 + 0.2
    outputs = RandAugment(operations=2, magnitude=0)(images, 0.0, generator(0))
    correlation = torch.corrcoef(torch.cat([images, outputs]).flatten(1))[:64, 64:]
    assert torch.equal(correlation.argmax(1), torch.arange(64))


def test_grey_images():
    batch = IMAGE[:, :1].expand(400, -1, -1, -1)
    outputs = RandAugment(operations=1, magnitude=15)(batch, 0.0, generator(0))
    assert outputs.shape == batch.shape
    same = (outputs - batch).abs().flatten(1).amax(1) < 1e-6
    assert 30 <= same.sum() <= 90  # identity and color: 57 expected


def test_what_moves_in_is_the_fill():
    white = torch.ones(200, 1, 20, 20)
    for fill in (0.0, 0.3):
        outputs = RandAugment(operations=1, magnitude=30, fill=fill)(white, 0.0, generator(0))
        corner = outputs[:, 0, 0, 0]
        assert (corner.sub(fill).abs() < 1e-5).any()


def test_images_that_are_normalised_already_are_refused():
    with pytest.raises(ValueError, match=r"takes images in \[0, 1\], before they are normalised, not in \[-2, 2\]"):
        RandAugment()(torch.linspace(-2, 2, 64).view(1, 1, 8, 8), 0.0, generator(0))
    with pytest.raises(ValueError, match="before they are normalised"):
        RandAugment()(torch.full((1, 1, 8, 8), torch.nan), 0.0, generator(0))


def test_bad_arguments():
    with pytest.raises(ValueError, match="operations must be at least 1, not 0"):
        RandAugment(operations=0)
    with pytest.raises(ValueError, match="magnitude must be at least 0 and at most 30, not 31"):
        RandAugment(magnitude=31)
    with pytest.raises(ValueError, match="end must be at least 0 and at most 30, not -1"):
        RandAugment(end=-1)
    with pytest.raises(ValueError, match="fill must be at least 0 and at most 1, not 255"):
        RandAugment(fill=255)
