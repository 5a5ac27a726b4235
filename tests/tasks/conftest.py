"""Real small data files: images by Pillow, tables by pyarrow."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


@pytest.fixture
def pixels() -> Callable[..., Pixels]:
    """(n, H, W) or (n, H, W, 3) random pixels; the same on every call with the same arguments."""

    def make(n: int, height: int = 6, width: int = 5, colour: bool = True) -> Pixels:
        shape = (n, height, width, 3) if colour else (n, height, width)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    return make


def _png(image: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def png() -> Callable[[Pixels], bytes]:
    """The bytes of a PNG file."""
    return _png


@pytest.fixture
def image_table() -> Callable[..., pa.Table]:
    """A table in the hub's layout: `image` struct of bytes and path, `label`."""

    def make(images: list[bytes], labels: list[object], image: str = "image", label: str = "label") -> pa.Table:
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        return pa.table({image: pa.array([{"bytes": each, "path": None} for each in images], kind), label: labels})

    return make


@pytest.fixture
def named_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pixels: Callable[..., Pixels], image_table: Callable[..., pa.Table]
) -> Path:
    """A folder with 30 + 10 images of 28x28 in the place and layout of MNIST."""
    folder = tmp_path / "datasets" / "mnist"
    folder.mkdir(parents=True)
    for part, n in (("train", 30), ("test", 10)):
        images = [_png(image) for image in pixels(n, 28, 28, colour=False)]
        parquet.write_table(image_table(images, [row % 5 for row in range(n)]), folder / f"{part}.parquet")
    monkeypatch.setenv("SOONER_DATA", str(tmp_path / "datasets"))
    return folder


@pytest.fixture
def arrow_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for what `datasets` converts to memory-mapped files."""
    from datasets import config

    folder = tmp_path / "arrow_cache"
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", folder)
    return folder
