from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, Value, config

from sooner.errors import DataError
from sooner.tasks import load_data
from sooner.tasks._assemble import from_parts
from sooner.tasks._hub import from_datasets
from sooner.tasks._part import Options


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch, arrow_cache: Path, tmp_path: Path) -> None:
    """A hub at a port where nothing listens, and no data set by name on this machine."""
    monkeypatch.setattr(config, "HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("SOONER_DATA", str(tmp_path / "none"))


@pytest.mark.usefixtures("unreachable")
def test_no_network_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)  # what comes between tries
    with pytest.raises(DataError, match=r"'owner/name' is not on this machine and the hub cannot be reached \(.+\)"):
        load_data("owner/name")
    assert waits == []
    assert not config.HF_HUB_OFFLINE  # as it was before


@pytest.mark.usefixtures("unreachable")
def test_a_named_set_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"cifar10 is not in {tmp_path}/none/cifar10 .*hub cannot be reached"):
        load_data("cifar10")


def test_splits_of_values() -> None:
    rows = Dataset.from_dict({"x": [1.0, 2.0, 3.0, 4.0], "label": ["a", "b", "a", "b"]})
    train, test = from_datasets("owner/name", DatasetDict({"train": rows, "validation": rows}))
    data = from_parts("owner/name", train, test, Options())
    assert (data.kind, len(data.train), len(data.test), data.classes) == ("tabular", 4, 4, ("a", "b"))
    assert from_datasets("owner/name", DatasetDict({"train": rows}))[1] is None
    with pytest.raises(DataError, match="no train part; its parts are: other"):
        from_datasets("owner/name", DatasetDict({"other": rows}))
    with pytest.raises(DataError, match="the train part of 'owner/name' is empty"):
        from_datasets("owner/name", DatasetDict({"train": rows.select([])}))


def test_images_and_class_names_as_the_hub_writes_them(tmp_path: Path, png, pixels) -> None:  # type: ignore[no-untyped-def]
    features = Features({"img": Image(), "label": ClassLabel(names=["cat", "dog"]), "note": Value("string")})
    images = [{"bytes": png(image), "path": None} for image in pixels(6)]
    rows = Dataset.from_dict({"img": images, "label": [1, 0] * 3, "note": ["x"] * 6}, features=features)
    rows.to_parquet(tmp_path / "train.parquet")
    kept = from_parts("name", *from_datasets("name", DatasetDict({"train": rows, "test": rows})), Options())
    read = load_data(str(tmp_path / "train.parquet"))
    assert kept.classes == read.classes == ("cat", "dog")
    assert kept.train.targets.tolist() == [1, 0, 1, 0, 1, 0]
    assert torch.equal(
        kept.train.fetch(torch.arange(6))[0].permute(0, 2, 3, 1).contiguous(), torch.from_numpy(pixels(6))
    )
