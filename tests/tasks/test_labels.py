from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sooner.errors import DataError
from sooner.tasks._labels import Labels, encode


def made(values: Any, test: Any = None, **options: Any) -> Labels:
    columns = [each if each is None else pa.chunked_array([pa.array(each)]) for each in (values, test)]
    return encode(columns[0], columns[1], "label", **options)


@pytest.mark.parametrize(
    ("values", "targets", "classes"),
    [
        ([30, 4, 30], [1, 0, 1], ("4", "30")),
        (["b", "a", "c"], [1, 0, 2], ("a", "b", "c")),
        ([True, False], [1, 0], ("False", "True")),
        ([2.0, 1.0, 2.0], [1, 0, 1], ("1", "2")),
        (np.array([7, 3], dtype=np.uint8), [1, 0], ("3", "7")),
        (pa.array(["x", "y", "x"]).dictionary_encode(), [0, 1, 0], ("x", "y")),
        (pa.array(["x", "y"], pa.large_string()), [0, 1], ("x", "y")),
    ],
)
def test_labels_of_any_type_become_numbers_in_sorted_order(
    values: Any, targets: list[int], classes: tuple[str, ...]
) -> None:
    labels = made(values)
    assert labels.train.tolist() == targets
    assert labels.classes == classes
    assert labels.test is None


def test_test_labels_are_numbered_as_train_labels_are() -> None:
    labels = made([5, 9, 7], np.array([9, 5], dtype=np.int16))
    assert labels.test is not None
    assert labels.test.tolist() == [2, 0]


def test_names_of_integer_labels() -> None:
    assert made([2, 0], names=["cat", "dog", "emu"]).classes == ("cat", "emu")


@pytest.mark.parametrize(
    ("values", "test", "reason"),
    [
        (["a", "a"], None, r"one class only \('a'\)"),
        ([], None, "train part is empty"),
        ([1, 2], [], "test part is empty"),
        ([1, None, 2, None], None, "2 missing values in 4 rows of the train part"),
        ([1.0, float("nan")], None, "1 missing value in"),
        ([1.5, 2.0], None, "has fractions"),
        ([[1], [2]], None, "of type list"),
        ([1, 2], [1, 3], "labels that the train part has not: '3'"),
        ([1, 2], ["a", "b"], "int64 in train but string in test"),
    ],
)
def test_labels_that_cannot_be_used(values: Any, test: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        made(values, test)
