from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sooner.errors import DataError
from sooner.tasks import Data, InMemory, OnDisk, get_task, load_data
from sooner.tasks._share import share_of
from sooner.tasks.split import split


def test_every_class_has_its_share() -> None:
    whole, part = load_data("digits"), load_data("digits", examples=500)
    assert len(part.train) == 500
    counts, kept = (torch.bincount(data.train.targets).double() for data in (whole, part))
    assert (kept - counts * 500 / len(whole.train)).abs().max() < 1
    assert len(part.test) == len(whole.test)
    assert (part.classes, part.shape, part.kind) == (whole.classes, whole.shape, whole.kind)


def test_it_is_the_same_every_time_and_of_the_data_itself() -> None:
    whole, part = load_data("digits"), load_data("digits", examples=200)
    again = load_data("digits", examples=200)
    rows = torch.arange(200)
    inputs, targets = part.train.fetch(rows)
    assert all(torch.equal(one, other) for one, other in zip((inputs, targets), again.train.fetch(rows), strict=True))
    everything, labels = whole.train.fetch(torch.arange(len(whole.train)))
    known = {(image.numpy().tobytes(), int(label)) for image, label in zip(everything, labels, strict=True)}
    assert {(image.numpy().tobytes(), int(label)) for image, label in zip(inputs, targets, strict=True)} <= known


def test_its_fingerprint_is_its_own() -> None:
    prints = [load_data("digits", examples=number).fingerprint for number in (None, 200, 201)]
    assert len(set(prints)) == 3
    assert load_data("digits", examples=200).fingerprint == prints[1]


@pytest.mark.parametrize("examples", [20, 21, 1437, 1438])
def test_from_the_fewest_to_all(examples: int) -> None:
    data = load_data("digits", examples=examples)
    assert len(data.train) == examples
    assert torch.bincount(data.train.targets).min() >= 2
    split(data.train.targets, 0.1, 0)  # can still be split


@pytest.mark.parametrize("examples", [0, 19, 1439])
def test_too_few_or_too_many(examples: int) -> None:
    expected = rf"examples must be from 20 \(two of each class\) to 1438 \(all that digits has\), not {examples}"
    with pytest.raises(DataError, match=expected):
        load_data("digits", examples=examples)


def rare() -> Data:
    """400 examples of one class and 4 of another."""
    targets = torch.tensor([0] * 400 + [1] * 4)
    data = InMemory(torch.arange(404.0)[:, None], targets)
    return replace(load_data("digits"), train=data, classes=("often", "rare"), kind="tabular", shape=(1,))


def test_a_rare_class_keeps_two() -> None:
    part = share_of(rare(), 40)
    assert torch.bincount(part.train.targets).tolist() == [38, 2]
    split(part.train.targets, 0.1, 0, part.classes)


def test_a_set_on_disk_gives_the_same_share(named_set: Path, arrow_cache: Path) -> None:
    disk, memory = (load_data("mnist", in_memory=here, examples=15) for here in (False, True))
    assert isinstance(disk.train, OnDisk)
    assert disk.fingerprint == memory.fingerprint
    rows = torch.arange(15)
    for one, other in zip(disk.train.fetch(rows), memory.train.fetch(rows), strict=True):
        assert torch.equal(one, other)
    assert torch.bincount(disk.train.targets).tolist() == [3, 3, 3, 3, 3]


def test_a_task_keeps_it() -> None:
    task = get_task("digits", examples=100)
    assert task.options == {"examples": 100}
    assert len(load_data(task.data, **task.options).train) == 100


def test_a_share_of_the_users_own_data_sets_its_batch(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("x,label\n" + "\n".join(f"{row},{'ab'[row % 2]}" for row in range(20_000)))
    whole, part = get_task(str(path), target=0.8), get_task(str(path), target=0.8, examples=1000)
    assert part.recipe["batch_size"] < whole.recipe["batch_size"]
