from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sooner.tasks._images import BadImage, Decoder, look


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_pixels_come_back_exactly(pixels: Callable[..., np.ndarray]) -> None:
    grey, colour = pixels(1, colour=False)[0], pixels(1)[0]
    assert np.array_equal(Decoder((1, 6, 5))(encode(Image.fromarray(grey)))[0], grey)
    assert np.array_equal(Decoder((3, 6, 5))(encode(Image.fromarray(colour))), colour.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("mode", "colour"), [("1", False), ("L", False), ("LA", False), ("RGB", True), ("RGBA", True), ("P", True)]
)
def test_modes(mode: str, colour: bool) -> None:
    written = encode(Image.new("RGB", (5, 6), (255, 255, 255)).convert(mode))
    assert look(written) == (colour, (6, 5))
    for channels in (1, 3):
        assert (Decoder((channels, 6, 5))(written) == 255).all()


def test_a_path_reads_as_its_bytes_do(tmp_path: Path, pixels: Callable[..., np.ndarray]) -> None:
    image = Image.fromarray(pixels(1)[0])
    image.save(tmp_path / "a.png")
    decoder = Decoder((3, 6, 5))
    assert np.array_equal(decoder(tmp_path / "a.png"), decoder(encode(image)))


def test_resizing_crops_the_middle_of_the_longer_side() -> None:
    # Three squares side by side, black, white, black: the centre crop is all white.
    wide = np.zeros((8, 24), dtype=np.uint8)
    wide[:, 8:16] = 255
    for image in (wide, wide.T):
        assert (Decoder((1, 8, 8), resize=True)(encode(Image.fromarray(image))) == 255).all()
    assert Decoder((1, 4, 4), resize=True)(encode(Image.fromarray(wide))).shape == (1, 4, 4)


def test_a_large_jpeg_shrinks_to_what_a_full_decode_gives() -> None:
    ramp = np.linspace(0, 255, 256, dtype=np.uint8)
    image = Image.fromarray(np.broadcast_to(ramp[:, None, None], (256, 256, 3)).copy())
    small = Decoder((3, 16, 16), resize=True)(encode(image, "JPEG", quality=95))
    means = ramp.reshape(16, 16).mean(axis=1)  # each row of the result covers 16 rows of the ramp
    assert np.abs(small[0].mean(axis=1) - means)[1:-1].max() < 3


def test_orientation_is_applied() -> None:
    image = Image.new("L", (5, 6))
    image.putpixel((0, 0), 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise: the top left pixel becomes the top right one
    written = encode(image, exif=exif)
    assert look(written) == (False, (5, 6))
    turned = Decoder((1, 5, 6))(written)
    assert turned[0, 0, 5] == 255
    assert turned.sum() == 255


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (None, "no bytes and no path"),
        (b"", "not an image"),
        (b"not a picture", "not an image"),
        (Path("nowhere.png"), "no such file"),
        (encode(Image.new("I;16", (5, 6))), "more than 8 bits"),
        (encode(Image.effect_noise((64, 64), 50))[:500], "truncated"),
    ],
)
def test_what_cannot_be_decoded_says_why(encoded: bytes | Path | None, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        Decoder((1, 64, 64))(encoded)


def test_another_size_is_bad_without_resizing() -> None:
    with pytest.raises(BadImage, match="6x5 pixels, not 5x6"):
        Decoder((1, 5, 6))(encode(Image.new("L", (5, 6))))
