import cmath
import math

import pytest
import torch

from sooner.augmentation import EfficientTrain
from sooner.augmentation.efficienttrain import low_frequencies
from sooner.random import generator


def images(*shape):
    return torch.rand(*shape, generator=generator(0, "images"), dtype=torch.float64).float()


def by_hand(image, height, width):
    """The crop of one image (H, W) from the definition of the Fourier transform, one number at a time."""
    rows, columns = len(image), len(image[0])

    def coefficient(u, v):
        return sum(
            image[y][x] * cmath.exp(-2j * cmath.pi * (u * y / rows + v * x / columns))
            for y in range(rows)
            for x in range(columns)
        )

    def kept(u, v):  # at -b/2, the mean of both ends of the band
        us = (u, -u) if u == -height // 2 and height < rows else (u,)
        vs = (v, -v) if v == -width // 2 and width < columns else (v,)
        return sum(coefficient(a, b) for a in us for b in vs) / (len(us) * len(vs))

    spectrum = {
        (u, v): kept(u, v)
        for u in range(-height // 2, math.ceil(height / 2))
        for v in range(-width // 2, math.ceil(width / 2))
    }
    return [
        [
            sum(c * cmath.exp(2j * cmath.pi * (u * y / height + v * x / width)) for (u, v), c in spectrum.items())
            / (rows * columns)
            for x in range(width)
        ]
        for y in range(height)
    ]


@pytest.mark.parametrize(("shape", "size"), [((8, 8), (6, 6)), ((7, 6), (4, 2)), ((5, 6), (4, 6))])
def test_it_is_the_crop_of_the_spectrum_and_real(shape, size):
    image = images(1, 1, *shape)
    expected = torch.tensor(by_hand(image[0, 0].tolist(), *size))
    assert expected.imag.abs().max() < 1e-6
    assert torch.allclose(low_frequencies(image, *size)[0, 0], expected.real.float(), atol=1e-5)


@pytest.mark.parametrize(("full", "size"), [(28, 20), (32, 22), (27, 24)])
def test_it_is_the_published_formula_but_for_one_coefficient(full, size):
    inputs = images(4, 3, full, full)
    half = size // 2
    spectrum = torch.fft.fft2(inputs.double())
    corner = torch.cat([spectrum[..., :half, :], spectrum[..., -half:, :]], -2)
    corner = torch.cat([corner[..., :half], corner[..., -half:]], -1)
    published = torch.fft.ifft2(corner).real * (size / full) ** 2
    difference = torch.fft.fft2(low_frequencies(inputs, size, size).double() - published)
    assert difference[..., half, half].abs().max() > 1e-3
    difference[..., half, half] = 0
    assert difference.abs().max() < 1e-3 * size**2 / 100  # of sums over all pixels


def test_an_image_of_low_frequencies_becomes_every_second_pixel_of_itself():
    full, size = 24, 12
    spectrum = torch.zeros(5, 2, full, full, dtype=torch.complex64)
    low = torch.randn(5, 2, 11, 11, generator=generator(0), dtype=torch.complex64)
    frequency = torch.arange(-5, 6)  # all below size / 2
    spectrum[:, :, frequency[:, None], frequency] = low
    inputs = torch.fft.ifft2(spectrum).real * full
    assert torch.allclose(low_frequencies(inputs, size, size), inputs[:, :, ::2, ::2], atol=1e-5)


def test_the_mean_stays_and_so_does_a_constant_image():
    inputs = images(6, 3, 32, 28)
    outputs = EfficientTrain()(inputs, 0.0, generator(0))
    assert torch.allclose(outputs.mean((2, 3)), inputs.mean((2, 3)), atol=1e-6)
    constant = torch.full((1, 1, 32, 32), 0.7)
    assert torch.allclose(EfficientTrain()(constant, 0.0, generator(0)), torch.tensor(0.7), atol=1e-6)


def test_a_mirrored_image_becomes_a_mirrored_one_moved_by_a_pixel():
    inputs = images(2, 1, 16, 16)
    mirrored = inputs.flip(3).roll(1, 3)  # about pixel 0, as the transform is periodic
    outputs = low_frequencies(inputs, 12, 12)
    assert torch.allclose(low_frequencies(mirrored, 12, 12), outputs.flip(3).roll(1, 3), atol=1e-5)


@pytest.mark.parametrize(
    ("multiple", "full", "sizes"),
    [
        (2, 224, [160, 160, 160, 192, 224]),  # the paper's
        (2, 28, [20, 20, 20, 24, 28]),
        (2, 32, [22, 22, 22, 28, 32]),  # of 22.9 and 27.4
        (4, 32, [24, 24, 24, 28, 32]),
        (2, 27, [20, 20, 20, 24, 27]),
        (8, 8, [8, 8, 8, 8, 8]),
        (16, 9, [9, 9, 9, 9, 9]),
    ],
)
def test_the_size_of_each_fifth_of_the_budget(multiple, full, sizes):
    augment = EfficientTrain(multiple=multiple)
    for fifth, size in enumerate(sizes):
        for progress in (fifth / 5 + 0.001, (fifth + 1) / 5 - 0.001):
            assert augment(torch.zeros(1, 1, full, full), progress, generator(0)).shape == (1, 1, size, size)
    assert augment(torch.zeros(1, 1, full, full), 1.0, generator(0)).shape == (1, 1, full, full)


def test_height_and_width_each_have_their_own():
    assert EfficientTrain()(torch.zeros(2, 3, 28, 56), 0.0, generator(0)).shape == (2, 3, 20, 40)


def test_at_full_size_nothing_is_copied():
    inputs = images(2, 3, 32, 32)
    assert EfficientTrain()(inputs, 0.8, generator(0)) is inputs


def test_bad_arguments():
    with pytest.raises(ValueError, match="multiple must be at least 2, not 1"):
        EfficientTrain(multiple=1)
    with pytest.raises(ValueError, match="multiple must be even, not 5"):
        EfficientTrain(multiple=5)
    with pytest.raises(ValueError, match="28 pixels can be cropped in frequency to an even number up to 28, not to 21"):
        low_frequencies(torch.zeros(1, 1, 28, 28), 21, 20)
    with pytest.raises(ValueError, match=r"28 pixels can be cropped .* not to 30"):
        low_frequencies(torch.zeros(1, 1, 28, 28), 30, 30)
