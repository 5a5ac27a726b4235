"""Image folders: one sub-folder per class, with or without `train` and `test` above them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from sooner.errors import DataError
from sooner.tasks._files import TEST_NAMES, from_table
from sooner.tasks._images import SUFFIXES
from sooner.tasks._part import Part


def from_images(folder: Path) -> tuple[Part, Part | None]:
    """The train and test part of an image folder; the names of the class folders are the labels.

    Images lie anywhere below their class folder; hidden files and folders do not count. Raises DataError where there
    is no class folder, or one without images.
    """
    inner = {sub.name.lower(): sub for sub in _folders(folder)}
    tests = [inner[name] for name in TEST_NAMES if name in inner]
    if "train" in inner:
        return _part("train", inner["train"]), _part("test", tests[0]) if tests else None
    return _part("train", folder), None


def _folders(folder: Path) -> list[Path]:
    return sorted(sub for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith("."))


def _part(name: str, folder: Path) -> Part:
    paths: list[str] = []
    labels: list[str] = []
    folders = _folders(folder)
    if not folders:
        raise DataError(
            f"{folder} has neither a folder per class with images, nor a train file (train.parquet, train.csv, ...)"
        )
    for sub in folders:
        images = sorted(
            str(file.relative_to(folder))
            for file in sub.rglob("*")
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
        )
        if not images:
            raise DataError(
                f"the class folder {sub} has no images ({', '.join(sorted(SUFFIXES))}): fill it or remove it"
            )
        paths += images
        labels += [sub.name] * len(images)
    table = pa.table({"image": pa.array(paths, pa.string()), "label": pa.array(labels, pa.string())})
    return Part(name, table, str(folder), folder.resolve(), lambda: from_table(table))
