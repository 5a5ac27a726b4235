from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sooner.errors import DataError
from sooner.tasks import load_data

MODULE = """
import numpy as np, torch
from sooner.tasks import Data, InMemory

def images():
    return torch.arange(20 * 12).to(torch.uint8).reshape(20, 1, 3, 4), np.array(["a", "b"] * 10)

def rows():
    x = np.arange(16, dtype=np.float32).reshape(8, 2)
    return x, torch.tensor([0, 1] * 4), x + 16, [1, 0] * 4

def ready():
    part = InMemory(torch.zeros(4, 2), torch.tensor([0, 1, 0, 1]))
    return Data("mine", "tabular", part, part, ("0", "1"), (2,), "abc")

def floats():
    return torch.zeros(4, 1, 3, 4), [0, 1, 0, 1]

def three():
    return 1, 2, 3

def unequal():
    return np.zeros((4, 2)), [0, 1]

def gaps():
    return np.array([[1.0], [np.nan], [2.0]]), [0, 1, 0]

def ragged():
    return [[1, 2], [3]], [0, 1]

def other_shape():
    return np.zeros((4, 2)), [0, 1, 0, 1], np.zeros((2, 3)), [0, 1]

def broken():
    raise ZeroDivisionError

NUMBER = 3
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_data_functions.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


def test_images() -> None:
    data = load_data("own_data_functions:images")
    assert (data.name, data.kind, data.shape) == ("own_data_functions:images", "image", (1, 3, 4))
    assert (len(data.train), len(data.test), data.classes) == (17, 3, ("a", "b"))


def test_rows_with_a_test_part_are_standardised_by_train() -> None:
    data = load_data("own_data_functions:rows")
    inputs, _ = data.train.fetch(torch.arange(8))
    assert torch.allclose(inputs.mean(0), torch.zeros(2), atol=1e-6)
    # The columns' deviation is 2 sqrt(5.25), so 16 more is 16 / 4.5826 further.
    assert torch.allclose(data.test.fetch(torch.arange(8))[0] - inputs, torch.tensor(3.4915), atol=1e-4)
    assert data.test.targets.tolist() == [1, 0] * 4


def test_a_ready_data_is_taken_as_it_is() -> None:
    data = load_data("own_data_functions:ready")
    assert (data.name, data.fingerprint) == ("own_data_functions:ready", "abc")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("own_data_functions:floats", r"float32 and shape \(4, 1, 3, 4\): expected uint8 images"),
        ("own_data_functions:three", "must return a Data.* not tuple of 3"),
        ("own_data_functions:unequal", r"inputs of shape \(4, 2\) with targets of shape \(2,\)"),
        ("own_data_functions:gaps", "1 missing or infinite value:"),
        ("own_data_functions:ragged", "cannot be made an array"),
        ("own_data_functions:other_shape", r"train inputs of shape \(2,\) but test inputs of \(3,\)"),
        ("own_data_functions:nothing", "has no function 'nothing'"),
        ("own_data_functions:NUMBER", "is int, not a function"),
        ("no_such_module_here:f", "there is no module 'no_such_module_here'"),
    ],
)
def test_results_that_are_no_data(spec: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load_data(spec)


def test_the_functions_own_error_is_left_alone() -> None:
    with pytest.raises(ZeroDivisionError):
        load_data("own_data_functions:broken")
