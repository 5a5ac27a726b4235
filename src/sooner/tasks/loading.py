"""`load_data`: a data set by name, path, hub name, or a function of the user's own."""

from __future__ import annotations

from pathlib import Path

from sooner.errors import DataError
from sooner.tasks._assemble import from_parts, refuse
from sooner.tasks._base import Data
from sooner.tasks._files import KINDS, from_folder, open_part, table_files
from sooner.tasks._part import Options, Part
from sooner.tasks._share import share_of
from sooner.tasks.sources import KNOWN, data_folder, find_source


def load_data(
    spec: str,
    *,
    label: str | None = None,
    skip_bad: bool = False,
    in_memory: bool | None = None,
    image_size: int | None = None,
    examples: int | None = None,
) -> Data:
    """Load the data set that `spec` names.

    `spec` is one of

    - `digits`, embedded; `mnist`, `fashion_mnist`, `cifar10`, `cifar100`, from `$SOONER_DATA` (default
      ~/.cache/sooner/datasets)/<name>/{train,test}.parquet, else from the hub;
    - the path of a Parquet, CSV or Arrow file, or of a folder with a train and maybe a test file: images where a
      column holds images (bytes, a struct with `bytes`, or paths), else rows: numbers standardised by the train part's
      mean and deviation, text of few values one-hot;
    - the path of an image folder: one sub-folder per class, with or without `train` and `test` above them;
    - a hub name, `owner/name`;
    - `module:function`, which returns a `Data` or arrays.

    Where there is no test part, a stratified 15% of the rows (of digits: 20%) is held out, always the same.

    Args:
        spec: as above.
        label: the column of the labels, of any type; they become 0 to C-1 in sorted order. Default: `label`.
        skip_bad: leave images out that cannot be decoded, and list them in `Data.skipped`.
        in_memory: hold decoded images in memory, or decode them when they are fetched. Default: in memory when they
            take at most a quarter of the memory available. Everything but images is held in memory.
        image_size: scale each image's shorter side to this many pixels and cut out the centre square.
        examples: keep this many of those that training and validation are split from, each class in its share, always
            the same ones; the test part stays whole. For a first look at large data.

    Raises:
        DataError: the data are missing, damaged, empty, of one class, have missing values or undecodable images, or
            are not what the options say. The message says which and what to do.

    Cost: reads everything once: 3 s for the 70,000 images of MNIST, 6 s for the 60,000 of CIFAR-10, on one core.
    """
    if image_size is not None and image_size < 1:
        raise DataError(f"image_size must be at least 1 pixel, not {image_size}")
    data = _load(spec, Options(label, skip_bad, in_memory, image_size))
    return data if examples is None else share_of(data, examples)


def _load(spec: str, options: Options) -> Data:
    source = find_source(spec)
    if source == "embedded":
        from sooner.tasks._digits import digits

        refuse(spec, "embedded as it is", **_decoding(options))
        return digits()
    if source == "name":
        train, test = _known_parts(spec)
        known = KNOWN[spec]
        return from_parts(spec, train, test, options, usual=known.labels, shape=known.shape)
    if source == "path":
        return _from_path(spec, Path(spec).expanduser(), options)
    if source == "function":
        from sooner.tasks._callable import from_callable

        refuse(spec, "a function", **_decoding(options))
        return from_callable(spec)
    from sooner.tasks._hub import from_hub

    train, test = from_hub(spec)
    return from_parts(spec, train, test, options)


def _decoding(options: Options) -> dict[str, object]:
    return {"label": options.label, "image_size": options.image_size, "in_memory": options.in_memory}


def _known_parts(name: str) -> tuple[Part, Part | None]:
    files = [data_folder() / name / f"{part}.parquet" for part in ("train", "test")]
    if any(file.exists() for file in files):
        return open_part("train", files[:1]), open_part("test", files[1:])
    from sooner.tasks._hub import from_hub

    try:
        return from_hub(KNOWN[name].hub)
    except DataError as error:
        raise DataError(
            f"{name} is not in {files[0].parent} (train.parquet and test.parquet), nor to be had from the hub: {error}"
        ) from error


def _from_path(spec: str, path: Path, options: Options) -> Data:
    if path.is_file():
        if path.suffix.lower() not in KINDS:
            raise DataError(f"{path} is of no known kind: expected {', '.join(KINDS)}, or a folder")
        return from_parts(spec, open_part("train", [path]), None, options)
    if table_files(path):
        train, test = from_folder(path)
        return from_parts(spec, train, test, options)
    from sooner.tasks._folder import from_images

    refuse(spec, "an image folder, whose labels are its folders' names", label=options.label)
    train, test = from_images(path)
    return from_parts(spec, train, test, options)
