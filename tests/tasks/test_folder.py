from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sooner.errors import DataError
from sooner.tasks import Data, load_data


@pytest.fixture
def pets(tmp_path: Path, pixels: Callable[..., np.ndarray]) -> Path:
    """A folder of 8 cats and 8 dogs, one of them a folder deeper."""
    for number, image in enumerate(pixels(16)):
        folder = tmp_path / "pets" / ("cat" if number < 8 else "dog") / ("deeper" if number == 3 else "")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:02}.png")
    return tmp_path / "pets"


def all_images(data: Data) -> torch.Tensor:
    parts = [part.fetch(torch.arange(len(part)))[0] for part in (data.train, data.test)]
    return torch.cat(parts)


def test_class_folders_are_the_labels(pets: Path, pixels: Callable[..., np.ndarray]) -> None:
    (pets / ".cache").mkdir()
    data = load_data(str(pets))
    assert (data.kind, data.shape, data.classes) == ("image", (3, 6, 5), ("cat", "dog"))
    assert (len(data.train), len(data.test)) == (14, 2)
    held = data.test.fetch(torch.arange(2))[0].permute(0, 2, 3, 1).numpy()
    where = [int((pixels(16) == image).all(axis=(1, 2, 3)).nonzero()[0][0]) for image in held]
    assert [row >= 8 for row in where] == (data.test.targets == 1).tolist() == [False, True]


def test_on_disk_and_in_memory_agree(pets: Path, arrow_cache: Path) -> None:
    memory, disk = (load_data(str(pets), in_memory=in_memory) for in_memory in (True, False))
    assert torch.equal(all_images(memory), all_images(disk))
    assert memory.fingerprint == disk.fingerprint


@pytest.mark.parametrize("name", ["test", "val"])
def test_train_and_test_folders(tmp_path: Path, pets: Path, name: str) -> None:
    (tmp_path / "parts" / name / "dog").mkdir(parents=True)
    pets.rename(tmp_path / "parts" / "train")
    Image.new("RGB", (5, 6)).save(tmp_path / "parts" / name / "dog" / "a.png")
    data = load_data(str(tmp_path / "parts"))
    assert (len(data.train), data.test.targets.tolist()) == (16, [1])


def test_an_image_that_cannot_be_decoded_is_named_and_counted(pets: Path, arrow_cache: Path) -> None:
    whole = load_data(str(pets))
    (pets / "cat" / "00.png").write_bytes(b"not an image at all")
    (pets / "dog" / "10.png").write_bytes((pets / "dog" / "11.png").read_bytes()[:70])
    with pytest.raises(DataError, match=r"2 of 16 images cannot .*: cat/00\.png: not an image.*dog/10.*--skip-bad"):
        load_data(str(pets))
    with pytest.raises(DataError, match=r"1 of 16 images cannot be decoded: cat/00\.png"):
        load_data(str(pets), in_memory=False)  # headers alone are read then, and that of the other is whole
    for in_memory in (True, False):
        data = load_data(str(pets), skip_bad=True, in_memory=in_memory)
        assert [text.split(":")[0] for text in data.skipped] == ["cat/00.png", "dog/10.png"]
        assert len(data.train) + len(data.test) == 14
        left = {image.sum().item() for image in all_images(data)}
        assert left < {image.sum().item() for image in all_images(whole)}
    (pets / "cat" / "00.png").unlink()
    with pytest.raises(DataError, match=r"1 of 15 images cannot be decoded: dog/10\.png"):
        load_data(str(pets))


def test_no_image_left(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match="is empty: of 2 images none can be decoded"):
        load_data(str(tmp_path), skip_bad=True)


def test_differing_sizes_ask_for_a_size(pets: Path, arrow_cache: Path) -> None:
    Image.new("L", (40, 20)).save(pets / "cat" / "wide.jpg")
    with pytest.raises(DataError, match=r"2 different sizes \(16 of 6x5, 1 of 20x40; height x width\).*--image-size"):
        load_data(str(pets))
    data = load_data(str(pets), image_size=8)
    assert data.shape == (3, 8, 8)
    assert len(data.train) + len(data.test) == 17
    assert torch.equal(all_images(data), all_images(load_data(str(pets), image_size=8, in_memory=False)))


def test_folders_that_are_no_image_sets(tmp_path: Path, pets: Path) -> None:
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataError, match="neither a folder per class with images, nor a train file"):
        load_data(str(tmp_path / "bare"))
    (pets / "empty").mkdir()
    with pytest.raises(DataError, match=r"the class folder .*empty has no images"):
        load_data(str(pets))
    with pytest.raises(DataError, match="labels are its folders' names: label does not apply"):
        load_data(str(pets), label="x")
