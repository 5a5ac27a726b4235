"""RandAugment's operations against Pillow's, on images of 256 levels."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from sklearn.datasets import load_sample_image

from sooner.augmentation import _operations as operations
from sooner.random import generator


def photographs(size):
    """Some (size, size, 3) uint8 pictures with edges and flat parts: from a photograph, one of noise, one constant."""
    flower = Image.fromarray(load_sample_image("flower.jpg")).resize((96, 64))
    cut = [flower.crop((x, y, x + 32, y + 32)).resize((size, size)) for x, y in ((0, 0), (30, 10), (60, 30))]
    noise = torch.randint(30, 201, (size, size, 3), generator=generator(0), dtype=torch.uint8).numpy()
    return [*(np.asarray(image) for image in cut), noise, np.full((size, size, 3), 77, np.uint8)]


def batch(pictures, channels=3):
    tensor = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255  # channels_last
    return tensor if channels == 3 else tensor[:, 1:2]


def levels(outputs):
    assert outputs.min() >= 0
    assert outputs.max() <= 1
    return outputs.permute(0, 2, 3, 1).numpy() * 255


def image_of(picture, channels):
    return Image.fromarray(picture if channels == 3 else np.ascontiguousarray(picture[:, :, 1]))


def compare(operation, amount, pillow, tolerance, size=32, channels=3):
    pictures = photographs(size)
    found = levels(operation(batch(pictures, channels), torch.full((len(pictures),), amount)))
    for picture, ours in zip(pictures, found, strict=True):
        theirs = np.asarray(pillow(image_of(picture, channels)), np.float64).reshape(ours.shape)
        assert np.abs(ours - theirs).max() <= tolerance


CHANNELS = pytest.mark.parametrize("channels", [1, 3])


@CHANNELS
@pytest.mark.parametrize("size", [8, 20, 28, 32, 96])  # pixels: fewer than 255, and steps of 1, 2 or 3, 3 or 4, 36
def test_equalize(size, channels):
    compare(operations.equalize, 0.3, ImageOps.equalize, 1e-3, size, channels)


@CHANNELS
def test_autocontrast(channels):
    compare(operations.autocontrast, 0.3, ImageOps.autocontrast, 1.001, channels=channels)  # which rounds down


@CHANNELS
@pytest.mark.parametrize(("amount", "bits"), [(0.0, 8), (0.3, 7), (-0.5, 6), (0.9, 4), (1.0, 4)])
def test_posterize(amount, bits, channels):
    compare(operations.posterize, amount, lambda image: ImageOps.posterize(image, bits), 1e-3, channels=channels)


@CHANNELS
@pytest.mark.parametrize(("amount", "threshold"), [(0.0, 256), (0.25, 192), (-0.5, 128), (1.0, 0)])
def test_solarize(amount, threshold, channels):
    compare(operations.solarize, amount, lambda image: ImageOps.solarize(image, threshold), 1e-3, channels=channels)


ENHANCEMENTS = {
    "color": ImageEnhance.Color,
    "contrast": ImageEnhance.Contrast,
    "brightness": ImageEnhance.Brightness,
    "sharpness": ImageEnhance.Sharpness,
}


@CHANNELS
@pytest.mark.parametrize("amount", [-1.0, -0.4, 0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", ENHANCEMENTS)
def test_enhancements(name, amount, channels):
    # Pillow rounds the other image, which is then weighted by up to 0.9, and the result.
    pillow = ENHANCEMENTS[name]
    enhance = lambda image: pillow(image).enhance(1 + 0.9 * amount)
    compare(operations.PIXELWISE[name], amount, enhance, 2, channels=channels)


def test_nothing_but_autocontrast_and_equalize_acts_at_amount_0():
    images = batch(photographs(16))
    for name, operation in operations.PIXELWISE.items():
        same = torch.allclose(operation(images, torch.zeros(len(images))), images, atol=1e-6)
        assert same == (name not in ("autocontrast", "equalize")), name


@pytest.mark.parametrize("name", operations.PIXELWISE)
def test_each_image_has_its_own_amount(name):
    images, amount = batch(photographs(16)), torch.tensor([-1.0, -0.3, 0.0, 0.5, 1.0])
    together = operations.PIXELWISE[name](images, amount)
    alone = [operations.PIXELWISE[name](images[i : i + 1], amount[i : i + 1]) for i in range(len(images))]
    assert torch.allclose(together, torch.cat(alone), atol=1e-6)


def warp(name, amount, images, fill=0.5):
    count, _, height, width = images.shape
    drawn = {known: torch.full((count,), known == name) for known in operations.GEOMETRIC}
    return operations.warped(images, operations.maps(drawn, torch.full((count,), amount), height, width), fill)


def pillow_map(name, amount, height, width):
    """Pillow's (a, b, c, d, e, f): new pixel (x, y) comes from (ax + by + c, dx + ey + f), centres of pixels at .5."""
    a, b, d, e = 1.0, 0.0, 0.0, 1.0
    if name == "rotate":
        angle = math.radians(30 * amount)
        a, b, d, e = math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle)
    elif name == "shear-x":
        b = 0.3 * amount
    elif name == "shear-y":
        d = 0.3 * amount
    moved_x = round(0.45 * width * amount) if name == "translate-x" else 0
    moved_y = round(0.45 * height * amount) if name == "translate-y" else 0
    x, y = width / 2, height / 2
    return a, b, x - a * x - b * y + moved_x, d, e, y - d * x - e * y + moved_y


@pytest.mark.parametrize("amount", [-1.0, -0.35, 0.6])
@pytest.mark.parametrize("name", operations.GEOMETRIC)
@pytest.mark.parametrize(("height", "width"), [(32, 32), (20, 30)])
def test_geometry(name, amount, height, width):
    picture = np.asarray(Image.fromarray(load_sample_image("flower.jpg")).resize((width, height)))
    ours = levels(warp(name, amount, batch([picture])))[0]
    data = pillow_map(name, amount, height, width)
    theirs = np.asarray(
        Image.fromarray(picture).transform((width, height), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR),
        np.float64,
    )
    # Pillow repeats the edge for half a pixel where this blends with the fill: compare what lies inside.
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    from_x, from_y = data[0] * x + data[1] * y + data[2], data[3] * x + data[4] * y + data[5]
    inside = (from_x >= 0.5) & (from_x <= width - 0.5) & (from_y >= 0.5) & (from_y <= height - 0.5)
    outside = (from_x <= -0.5) | (from_x >= width + 0.5) | (from_y <= -0.5) | (from_y >= height + 0.5)
    assert inside.mean() > 0.5
    assert np.abs(ours - theirs)[inside].max() <= 1.01
    assert np.abs(ours[outside] - 127.5).max(initial=0) < 1e-3


def test_moving_is_by_whole_pixels():
    images = torch.rand(2, 3, 16, 20, generator=generator(0))
    moved = warp("translate-x", 0.5, images, fill=0.25)  # 4.5 pixels, rounded to even
    assert torch.allclose(moved[..., :-4], images[..., 4:], atol=1e-5)
    assert torch.allclose(moved[..., -4:], torch.tensor(0.25))
