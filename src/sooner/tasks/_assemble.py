"""From columns or arrays to `Data`: labels numbered, inputs decoded or standardised, a test part held out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sooner._words import number_of
from sooner.errors import DataError
from sooner.random import derive
from sooner.tasks._base import Data, Examples, Kind
from sooner.tasks._decode import Bad, check, decode, survey
from sooner.tasks._features import Matrix, matrices, standardise
from sooner.tasks._fingerprint import fingerprint
from sooner.tasks._images import Decoder
from sooner.tasks._labels import Labels, encode
from sooner.tasks._memory import fits
from sooner.tasks._part import Options, Part, class_names, image_column, label_column
from sooner.tasks.examples import InMemory, OnDisk
from sooner.tasks.split import require, split

HELD_OUT = 0.15


def from_parts(
    name: str,
    train: Part,
    test: Part | None,
    options: Options,
    *,
    usual: tuple[str, ...] = ("label",),
    shape: tuple[int, int, int] | None = None,
) -> Data:
    """The data set of these columns: images where a column holds images, else rows of values.

    Args:
        name: of the data set.
        train: its train part.
        test: its test part; None to hold one out.
        options: of `load_data`.
        usual: names of the label column to try when the options name none.
        shape: (C, H, W) of the images where it is known, which saves a look at each.

    Raises DataError on anything that `load_data` says.
    """
    label = label_column(train, options.label, usual)
    if test is not None:
        label_column(test, label)
    labels = encode(
        train.table.column(label),
        None if test is None else test.table.column(label),
        label,
        class_names(train.table, label),
    )
    column = image_column(train, label)
    if column is None:
        refuse(name, "a table of values", image_size=options.image_size, in_memory=options.in_memory)
        values, test_values, numeric = matrices(train, test, label)
        return from_values(name, values, test_values, labels, torch.from_numpy(numeric))
    if test is not None and column not in test.table.column_names:
        raise DataError(f"{test.origin} has no column '{column}', which holds the images of the train part")
    return _images(name, train, test, column, labels, options, shape)


def from_values(name: str, values: Matrix, test_values: Matrix | None, labels: Labels, numeric: Tensor) -> Data:
    """The data set of these rows of float64 values, standardised by the train part's mean and deviation.

    The validation part is split off later, so its rows take part in the mean and deviation; the test part's do not.
    """
    held = hold_out(labels) if test_values is None else None
    like = values if held is None else values[held[0].numpy()]
    whole = InMemory(torch.from_numpy(standardise(values, like, numeric.numpy())), labels.train)
    if held is not None:
        return finish(name, "tabular", whole.subset(held[0]), whole.subset(held[1]), labels.classes)
    assert test_values is not None
    assert labels.test is not None
    test = InMemory(torch.from_numpy(standardise(test_values, like, numeric.numpy())), labels.test)
    return finish(name, "tabular", whole, test, labels.classes)


def _images(
    name: str,
    train: Part,
    test: Part | None,
    column: str,
    labels: Labels,
    options: Options,
    shape: tuple[int, int, int] | None,
) -> Data:
    parts = [train] if test is None else [train, test]
    surveyed: list[Bad] = []
    if options.image_size is not None or shape is None:
        shape, surveyed = survey([(part, column) for part in parts], options.image_size)
    decoder = Decoder(shape, resize=options.image_size is not None)
    in_memory = options.in_memory
    if in_memory is None:
        in_memory = fits(sum(len(part.table) for part in parts) * math.prod(shape))
    if not in_memory and not options.skip_bad:  # in memory all are decoded, so that all the bad ones can be named
        _refuse_bad(surveyed, sum(len(part.table) for part in parts))
    read = [
        _examples(part, column, targets, decoder, in_memory, options.skip_bad)
        for part, targets in zip(parts, (labels.train, labels.test), strict=False)
        if targets is not None
    ]
    bad = [each for _, unreadable in read for each in unreadable]
    if not options.skip_bad:
        _refuse_bad(bad, sum(len(part.table) for part in parts))
    sets: list[Examples] = [_without(examples, unreadable) for examples, unreadable in read]
    for part, examples in zip(parts, sets, strict=True):
        if len(examples) == 0:
            raise DataError(f"{part.origin} is empty: of {number_of(len(part.table), 'image')} none can be decoded")
    if test is None:
        rows = hold_out(Labels(sets[0].targets, None, labels.classes))
        sets = [sets[0].subset(rows[0]), sets[0].subset(rows[1])]
    return finish(name, "image", sets[0], sets[1], labels.classes, tuple(each.text for each in bad))


def _examples(
    part: Part, column: str, targets: Tensor, decoder: Decoder, in_memory: bool, skip_bad: bool
) -> tuple[Examples, list[Bad]]:
    if in_memory:
        images, bad = decode(part, column, decoder)
        return InMemory(images, targets), bad
    # The headers were read already; a full pass is worth its time only to someone who expects bad images.
    bad = check(part, column, decoder) if skip_bad else []
    return OnDisk(part.mapped(), targets, decoder, column=column, root=part.root), bad


def _without(examples: Examples, bad: list[Bad]) -> Examples:
    if not bad:
        return examples
    keep = torch.ones(len(examples), dtype=torch.bool)
    keep[[each.row for each in bad]] = False
    return examples.subset(keep.nonzero().flatten())


def _refuse_bad(bad: list[Bad], of: int) -> None:
    if bad:
        named = "; ".join(each.text for each in bad[:5]) + (f"; and {len(bad) - 5:,} more" if len(bad) > 5 else "")
        raise DataError(
            f"{len(bad):,} of {number_of(of, 'image')} cannot be decoded: {named}. "
            "Mend them, or pass --skip-bad to go on without"
        )


def hold_out(labels: Labels, fraction: float = HELD_OUT) -> tuple[Tensor, Tensor]:
    """Rows of the train and of the test part where none was given: stratified, the same on every machine."""
    counts = torch.bincount(labels.train, minlength=len(labels.classes))
    require(counts, 3, "one each for training, validation and test", labels.classes)
    return split(labels.train, fraction, derive(0, "test part"), labels.classes)


def finish(
    name: str,
    kind: Kind,
    train: Examples,
    test: Examples,
    classes: tuple[str, ...],
    skipped: tuple[str, ...] = (),
) -> Data:
    """Check that training and validation can be split from `train`, and put the record together."""
    counts = torch.bincount(train.targets, minlength=len(classes))
    require(counts, 2, "one each for training and validation", classes)
    shape = tuple(train.fetch(torch.zeros(1, dtype=torch.int64))[0].shape[1:])
    return Data(name, kind, train, test, classes, shape, fingerprint(train, test, classes), skipped)


def refuse(name: str, what: str, **options: object) -> None:
    """Raise DataError for an option that means nothing for this kind of data; only given ones count."""
    for option, value in options.items():
        if value is not None and not (option == "in_memory" and value is True):
            raise DataError(f"{name} is {what}: {option} does not apply to it; leave it out")
