from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import torch
from PIL import Image

from sooner.errors import DataError
from sooner.tasks import InMemory, OnDisk, load_data


def test_digits() -> None:
    data = load_data("digits")
    assert data.kind == "image"
    assert data.shape == (1, 8, 8)
    assert (len(data.train), len(data.test)) == (1438, 359)
    assert data.classes == tuple("0123456789")
    inputs, _ = data.train.fetch(torch.arange(1438))
    assert inputs.dtype == torch.uint8
    assert inputs.unique().tolist() == [round(grey * 255 / 16) for grey in range(17)]
    again = load_data("digits")
    assert again.fingerprint == data.fingerprint
    assert torch.equal(again.test.targets, data.test.targets)


def test_a_named_set_from_its_folder(named_set: Path) -> None:
    data = load_data("mnist")
    assert (data.name, data.kind, data.shape) == ("mnist", "image", (1, 28, 28))
    assert (len(data.train), len(data.test)) == (30, 10)
    assert data.classes == ("0", "1", "2", "3", "4")
    assert data.train.targets[:7].tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert isinstance(data.train, InMemory)


def test_memory_or_disk_makes_no_other_data(named_set: Path, arrow_cache: Path) -> None:
    disk = load_data("mnist", in_memory=False)
    assert isinstance(disk.train, OnDisk)
    assert disk.fingerprint == load_data("mnist", in_memory=True).fingerprint


def test_a_set_too_large_for_memory_goes_to_disk(
    named_set: Path, arrow_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 40_000})())
    assert isinstance(load_data("mnist").test, OnDisk)


def test_a_named_set_of_other_images_is_refused(
    named_set: Path, image_table: Callable[..., pa.Table], png: Callable[..., bytes], pixels: Callable[..., np.ndarray]
) -> None:
    images = [png(image) for image in pixels(10, 9, 9)]
    parquet.write_table(image_table(images, [0, 1, 2, 3, 4] * 2), named_set / "train.parquet")
    with pytest.raises(DataError, match="10 of 20 images cannot be decoded: train row 0: 9x9 pixels, not 28x28"):
        load_data("mnist")


def test_a_missing_test_part_is_named(named_set: Path) -> None:
    (named_set / "test.parquet").unlink()
    with pytest.raises(DataError, match=r"the test part is missing: there is no file .*test\.parquet"):
        load_data("mnist")


def test_cifar100_in_either_layout(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    image_table: Callable[..., pa.Table],
    png: Callable[..., bytes],
    pixels: Callable[..., np.ndarray],
) -> None:
    monkeypatch.setenv("SOONER_DATA", str(tmp_path))
    images, labels = [png(image) for image in pixels(6, 32, 32)], [0, 1, 2] * 2
    (tmp_path / "cifar100").mkdir()
    for columns in (("image", "label"), ("img", "fine_label")):
        for part in ("train", "test"):
            table = image_table(images, labels, *columns).append_column("coarse_label", pa.array([0] * 6))
            parquet.write_table(table, tmp_path / "cifar100" / f"{part}.parquet")
        data = load_data("cifar100")
        assert data.shape == (3, 32, 32)
        assert data.train.targets.tolist() == labels


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> str:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


@pytest.fixture
def flowers(tmp_path: Path) -> str:
    rows = [[i * 1.5, i % 2, "ab"[i % 2], ["rose", "daisy"][i % 2]] for i in range(40)]
    return write_csv(tmp_path / "flowers.csv", ["length", "wild", "site", "flower"], rows)


def test_a_csv_of_values(flowers: str) -> None:
    data = load_data(flowers, label="flower")
    assert (data.kind, data.shape, data.classes) == ("tabular", (4,), ("daisy", "rose"))
    assert (len(data.train), len(data.test)) == (34, 6)
    inputs, targets = data.train.fetch(torch.arange(34))
    assert inputs.dtype == torch.float32
    # The train part's own statistics: the held-out rows take no part.
    assert torch.allclose(inputs[:, 0].mean(), torch.tensor(0.0), atol=1e-6)
    assert torch.allclose(inputs[:, 0].std(correction=0), torch.tensor(1.0), atol=1e-6)
    assert torch.equal(inputs[:, 2] == 1, targets == 1)
    assert torch.bincount(data.test.targets).tolist() == [3, 3]


@pytest.mark.parametrize("kind", ["parquet", "arrow file", "arrow stream", "tsv"])
def test_the_same_rows_from_other_files(flowers: str, tmp_path: Path, kind: str) -> None:
    table = pa.csv.read_csv(flowers)
    path = tmp_path / f"rows.{kind.split()[0]}"
    if kind == "parquet":
        parquet.write_table(table, path)
    elif kind == "tsv":
        path.write_text(Path(flowers).read_text().replace(",", "\t"))
    else:
        new = pa.ipc.new_file if kind == "arrow file" else pa.ipc.new_stream
        with new(str(path), table.schema) as writer:
            writer.write_table(table)
    assert load_data(str(path), label="flower").fingerprint == load_data(flowers, label="flower").fingerprint


def test_standardising_uses_the_train_files_statistics(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", ["x", "label"], [[1, "a"], [3, "b"], [1, "a"], [3, "b"]])
    write_csv(tmp_path / "test.csv", ["label", "x"], [["b", 5], ["a", 2]])
    data = load_data(str(tmp_path))
    assert data.train.fetch(torch.arange(4))[0].flatten().tolist() == [-1, 1, -1, 1]
    assert data.test.fetch(torch.arange(2))[0].flatten().tolist() == [3, 0]
    assert data.test.targets.tolist() == [1, 0]


def test_a_table_of_image_paths(tmp_path: Path, pixels: Callable[..., np.ndarray], arrow_cache: Path) -> None:
    images = pixels(6)
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    spec = write_csv(tmp_path / "list.csv", ["file", "label"], [[f"{number}.png", number % 2] for number in range(6)])
    for in_memory in (True, False):
        data = load_data(spec, in_memory=in_memory)
        assert data.shape == (3, 6, 5)
        both = torch.cat([data.train.fetch(torch.arange(4))[0], data.test.fetch(torch.arange(2))[0]])
        assert sorted(image.sum() for image in both.numpy()) == sorted(image.sum() for image in images)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "arrow"])
def test_a_damaged_file_is_named(tmp_path: Path, suffix: str, flowers: str) -> None:
    path = tmp_path / f"cut.{suffix}"
    table = pa.csv.read_csv(flowers)
    if suffix == "parquet":
        parquet.write_table(table, path)
        path.write_bytes(path.read_bytes()[:-20])
    elif suffix == "arrow":
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
        path.write_bytes(path.read_bytes()[:300])
    else:
        path.write_text("a,label\n1,2\n3,4,5\n")
    with pytest.raises(DataError, match=rf"cut\.{suffix} cannot be read as .*damaged"):
        load_data(str(path))


def test_a_file_damaged_in_the_middle_is_named(named_set: Path) -> None:
    path = named_set / "train.parquet"
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"train\.parquet cannot be read as Parquet"):
        load_data("mnist")


def test_a_label_column_that_is_not_there(flowers: str) -> None:
    with pytest.raises(DataError, match=r"no column 'flowr' \(did you mean 'flower'\?\).*length, wild, site, flower"):
        load_data(flowers, label="flowr")
    with pytest.raises(DataError, match="no column 'label': name the label column with --label; its columns are: len"):
        load_data(flowers)


def test_one_class_only(tmp_path: Path) -> None:
    spec = write_csv(tmp_path / "one.csv", ["x", "label"], [[1, "a"], [2, "a"]])
    with pytest.raises(DataError, match=r"one class only \('a'\)"):
        load_data(spec)


def test_a_class_too_small_to_split(tmp_path: Path) -> None:
    spec = write_csv(tmp_path / "few.csv", ["x", "label"], [[1, "a"]] * 5 + [[2, "b"]] * 2)
    with pytest.raises(DataError, match=r"at least 3 examples .* class 'b' has 2"):
        load_data(spec)


def test_missing_values_name_their_columns(tmp_path: Path) -> None:
    rows = [[1, "u", 0], ["", "v", 1], [3, "", 0], ["NA", "u", 1]]
    spec = write_csv(tmp_path / "gaps.csv", ["x", "town", "label"], rows)
    with pytest.raises(DataError, match=r"gaps.csv has missing .* in 4 rows: 'x' \(2\), 'town' \(1\)"):
        load_data(spec)


@pytest.mark.parametrize("content", ["", "x,label\n"])
def test_an_empty_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "empty.csv").write_text(content)
    with pytest.raises(DataError, match=r"empty\.csv .*(?i:empty)"):
        load_data(str(tmp_path / "empty.csv"))


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("cifra10", r"no known data set \(did you mean cifar10"),
        ("nothing_like_it", "no known data set, and there is no file"),
        ("nowhere/data.parquet", "there is no file or folder nowhere/data.parquet"),
        ("~/surely/not/here", "there is no file or folder"),
        ("plain.txt", "there is no file or folder plain.txt"),
    ],
)
def test_what_is_not_there(spec: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load_data(spec)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"notes.txt is of no known kind: expected \.parquet"):
        load_data(str(tmp_path / "notes.txt"))


def test_options_that_do_not_apply_are_refused(flowers: str) -> None:
    with pytest.raises(DataError, match="digits is embedded as it is: image_size does not apply"):
        load_data("digits", image_size=16)
    with pytest.raises(DataError, match="is a table of values: in_memory does not apply"):
        load_data(flowers, label="flower", in_memory=False)
    with pytest.raises(DataError, match="image_size must be at least 1 pixel"):
        load_data("digits", image_size=0)
