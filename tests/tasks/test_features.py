from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sooner.errors import DataError
from sooner.tasks._features import matrices, standardise
from sooner.tasks._part import Part


def part(columns: dict[str, Any], name: str = "train") -> Part:
    return Part(name, pa.table(columns), f"{name}.csv", Path(), lambda: None)


def test_columns_by_type() -> None:
    train = part(
        {
            "n": [1, 2, 3],
            "yes": [True, False, True],
            "label": [0, 1, 0],
            "town": ["b", "a", "b"],
            "kind": pa.array(["u", "v", "u"]).dictionary_encode(),
            "__index_level_0__": [7, 8, 9],
        }
    )
    test = part({"town": ["c"], "kind": ["v"], "n": [1.5], "yes": [False], "label": [1]}, "test")
    values, test_values, numeric = matrices(train, test, "label")
    # n, yes, town=a, town=b, kind=u, kind=v
    assert values.tolist() == [[1, 1, 0, 1, 1, 0], [2, 0, 1, 0, 0, 1], [3, 1, 0, 1, 1, 0]]
    assert test_values is not None
    assert test_values.tolist() == [[1.5, 0, 0, 0, 0, 1]]
    assert numeric.tolist() == [True, False, False, False, False, False]


def test_standardised_by_hand() -> None:
    train = np.array([[1.0, 5.0, 1.0], [3.0, 5.0, 0.0]])  # mean 2, 5; deviation 1, 0; the third column is left alone
    numeric = np.array([True, True, False])
    assert standardise(train, train, numeric).tolist() == [[-1, 0, 1], [1, 0, 0]]
    assert standardise(np.array([[4.0, 6.0, 1.0]]), train, numeric).tolist() == [[2, 1, 1]]


def test_a_constant_whose_mean_rounds_is_still_constant() -> None:
    column = np.full((1000, 1), 0.1)
    assert not standardise(column, column, np.array([True])).any()


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        ({"label": [1, 2]}, None, "no column beside 'label'"),
        ({"a": [1, None, None], "b": [1.0, float("nan"), 2.0], "label": [1, 2, 3]}, None, r"'a' \(2\), 'b' \(1\)"),
        ({"a": [1.0, float("inf")], "label": [1, 2]}, None, r"infinite values in 2 rows: 'a' \(1\)"),
        ({"a": [str(i) for i in range(33)], "label": list(range(33))}, None, "'a' is text with 33 distinct values"),
        ({"a": [[1], [2]], "label": [1, 2]}, None, "'a' is of type list"),
        ({"": [0, 1], "a": [1, 2], "label": [1, 2]}, None, "column without a name"),
        ({"a": [1, 2], "label": [1, 2]}, {"b": [1], "label": [1]}, "test.csv lacks columns of the train part: a"),
        ({"a": [1, 2], "label": [1, 2]}, {"a": ["x"], "label": [1]}, "'a' is int64 in train but string in test"),
        ({"a": [1, 2], "label": [1, 2]}, {"a": [None], "label": [1]}, "test.csv has missing"),
    ],
)
def test_tables_that_cannot_be_used(train: dict[str, Any], test: dict[str, Any] | None, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        matrices(part(train), None if test is None else part(test, "test"), "label")
