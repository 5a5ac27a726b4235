from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from datasets import Dataset
from torch.utils.data import DataLoader

from sooner.errors import DataError
from sooner.tasks import Examples, InMemory, OnDisk, load_data
from sooner.tasks._images import Decoder


@pytest.fixture
def memory() -> InMemory:
    images = torch.arange(10 * 2 * 3 * 4).remainder(256).to(torch.uint8).reshape(10, 2, 3, 4)
    return InMemory(images, torch.arange(10) % 3)


def test_fetch_returns_what_was_put_in(memory: InMemory) -> None:
    index = torch.tensor([7, 0, 7])
    inputs, targets = memory.fetch(index)
    assert torch.equal(inputs, memory.inputs[index])
    assert targets.tolist() == [1, 0, 1]
    assert len(memory) == 10


def test_subsets_of_subsets_map_rows_and_share_the_tensor(memory: InMemory) -> None:
    inner = memory.subset(torch.tensor([9, 4, 2, 5])).subset(torch.tensor([3, 0]))
    assert inner.rows is not None
    assert inner.rows.tolist() == [5, 9]
    assert inner.targets.tolist() == [2, 0]
    inputs, targets = inner.fetch(torch.tensor([1]))
    assert torch.equal(inputs[0], memory.inputs[9])
    assert targets.tolist() == [0]
    assert inner.inputs.data_ptr() == memory.inputs.data_ptr()


def test_an_empty_index_gives_an_empty_batch(memory: InMemory) -> None:
    inputs, targets = memory.fetch(torch.zeros(0, dtype=torch.int64))
    assert inputs.shape == (0, 2, 3, 4)
    assert targets.shape == (0,)


def test_moving_moves_the_whole_tensor_once(memory: InMemory) -> None:
    meta = torch.device("meta")
    train, test = memory.subset(torch.tensor([1, 2])), memory.subset(torch.tensor([3]))
    moved, also = train.to(meta), test.to(meta)
    assert moved.inputs is also.inputs
    assert moved.inputs.shape == memory.inputs.shape
    assert moved.device == moved.targets.device == meta
    assert moved.fetch(torch.tensor([0]))[0].device == meta
    assert train.to(torch.device("cpu")).inputs is memory.inputs


def test_in_memory_survives_pickling_without_its_copies(memory: InMemory) -> None:
    memory.to(torch.device("meta"))
    subset = memory.subset(torch.tensor([4, 1]))
    again = pickle.loads(pickle.dumps(subset))
    assert torch.equal(again.fetch(torch.tensor([0, 1]))[0], subset.fetch(torch.tensor([0, 1]))[0])
    assert again.inputs.device.type == "cpu"


@pytest.mark.parametrize(
    ("inputs", "targets", "error"),
    [
        (torch.zeros(4, 1, 2, 2), torch.zeros(4, dtype=torch.int64), TypeError),
        (torch.zeros(4, 2, 2, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64), TypeError),
        (torch.zeros(4, 3, dtype=torch.float64), torch.zeros(4, dtype=torch.int64), TypeError),
        (torch.zeros(4, 3), torch.zeros(4), ValueError),
        (torch.zeros(4, 3), torch.zeros(3, dtype=torch.int64), ValueError),
    ],
)
def test_other_shapes_and_dtypes_are_refused(
    inputs: torch.Tensor, targets: torch.Tensor, error: type[Exception]
) -> None:
    with pytest.raises(error):
        InMemory(inputs, targets)


@pytest.fixture
def both(named_set: Path, arrow_cache: Path) -> tuple[Examples, Examples]:
    """The same images in memory and on disk."""
    return load_data("mnist", in_memory=True).train, load_data("mnist", in_memory=False).train


def test_on_disk_equals_in_memory(both: tuple[Examples, Examples]) -> None:
    memory, disk = both
    assert isinstance(memory, InMemory)
    assert isinstance(disk, OnDisk)
    index = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    assert torch.equal(memory.fetch(index)[0], disk.fetch(index)[0])
    assert torch.equal(memory.fetch(index)[1], disk.fetch(index)[1])
    assert torch.equal(memory.targets, disk.targets)
    part, again = memory.subset(index[:9]).subset(index[:9] % 9), disk.subset(index[:9]).subset(index[:9] % 9)
    assert torch.equal(part.fetch(torch.arange(9))[0], again.fetch(torch.arange(9))[0])
    assert torch.equal(part.targets, again.targets)
    assert disk.fetch(torch.zeros(0, dtype=torch.int64))[0].shape == (0, 1, 28, 28)


def test_on_disk_is_picklable_and_small(both: tuple[Examples, Examples]) -> None:
    memory, disk = both
    written = pickle.dumps(disk)
    assert len(written) < 10_000  # a path and the targets, not the images
    index = torch.tensor([3, 29])
    assert torch.equal(pickle.loads(written).fetch(index)[0], memory.fetch(index)[0])


def test_on_disk_decodes_in_worker_processes(both: tuple[Examples, Examples]) -> None:
    memory, disk = both
    batches = [torch.tensor([5, 1, 8]), torch.tensor([29, 0])]
    loader: DataLoader[Any] = DataLoader(batches, batch_size=None, num_workers=1, collate_fn=disk.fetch)  # type: ignore[arg-type]
    for index, (inputs, targets) in zip(batches, loader, strict=True):
        assert torch.equal(inputs, memory.fetch(index)[0])
        assert torch.equal(targets, memory.fetch(index)[1])


def test_on_disk_converts_to_the_sets_channels(
    png: Callable[..., bytes], pixels: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    grey, colour = pixels(1, colour=False)[0], pixels(1)[0]
    dataset = Dataset(pa.table({"image": [png(grey), png(colour)]}))
    disk = OnDisk(dataset, torch.tensor([0, 1]), Decoder((3, 6, 5)), column="image", root=tmp_path)
    inputs, _ = disk.fetch(torch.tensor([0, 1]))
    assert all(np.array_equal(inputs[0, channel], grey) for channel in range(3))
    assert np.array_equal(inputs[1].permute(1, 2, 0), colour)


def test_on_disk_reads_bytes_or_the_path_beside_them(
    png: Callable[..., bytes], pixels: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    first, second = pixels(2)
    (tmp_path / "second.png").write_bytes(png(second))
    rows = [{"bytes": png(first), "path": "elsewhere.png"}, {"bytes": None, "path": "second.png"}]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    dataset = Dataset(pa.table({"image": pa.array(rows, kind)}))
    disk = OnDisk(dataset, torch.tensor([0, 1]), Decoder((3, 6, 5)), column="image", root=tmp_path)
    inputs = disk.fetch(torch.tensor([0, 1]))[0].permute(0, 2, 3, 1).numpy()
    assert np.array_equal(inputs, pixels(2))


def test_on_disk_names_the_row_it_cannot_decode(
    png: Callable[..., bytes], pixels: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    good = png(pixels(1)[0])
    dataset = Dataset(pa.table({"image": [good, good[: len(good) // 2], png(pixels(1, 9, 9)[0])]}))
    disk = OnDisk(dataset, torch.tensor([0, 1, 0]), Decoder((3, 6, 5)), column="image", root=tmp_path)
    with pytest.raises(DataError, match="image of row 1 cannot be decoded"):
        disk.fetch(torch.tensor([0, 1]))
    with pytest.raises(DataError, match="row 2 cannot be decoded: 9x9 pixels, not 6x5"):
        disk.subset(torch.tensor([2])).fetch(torch.tensor([0]))
