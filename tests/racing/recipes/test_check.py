from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from sooner.errors import RecipeError
from sooner.racing.recipes.check import try_out
from sooner.recipes import Recipe, resolve
from sooner.tasks import Data, get_task

BASE = dict(get_task("digits").recipe)
MODULE = """
import torch
from torch import nn

def net(shape, classes, **more):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))

class Pair(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.inner = net(shape, classes)
    def forward(self, inputs):
        return self.inner(inputs), inputs

def nine(shape, classes):
    return net(shape, classes - 1)

def frozen(shape, classes):
    return net(shape, classes).requires_grad_(False)

made = net((64,), 10)

def once(shape, classes):
    return made

def shared(shape, classes):
    return nn.Sequential(nn.Flatten(), made[1])

class Broken(Pair):
    def forward(self, inputs):
        raise ZeroDivisionError("mine")
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_models_to_try.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


def recipe(**fields: Any) -> Recipe:
    return Recipe.from_dict({**resolve("baseline", BASE).to_dict(), "name": "mine", **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"model": "own_models_to_try:net"},
        {"batch_size": 64, "accumulate": 32},
        {"model": "mlp", "batch_size": 1},
        {"augmentation": ["flip", {"name": "translate", "pixels": 7}]},
    ],
)
def test_what_can_train_passes(digits: Data, fields: dict[str, Any]) -> None:
    try_out(recipe(**fields), digits)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "own_models_to_try:Pair"}, r"mine: model: .*logits, a tensor \(B, 10\).*it gave a tuple"),
        ({"model": "own_models_to_try:nine"}, r"it gave a tensor \(2, 9\)"),
        ({"model": "own_models_to_try:frozen"}, "no parameter that can be trained"),
        (
            {"model": "own_models_to_try:once"},
            "'own_models_to_try:once' gave the same weights when it was called again",
        ),
        ({"model": "own_models_to_try:shared"}, "make a new module in each call"),
        ({"augmentation": [{"name": "translate", "pixels": 8}]}, "mine: augmentation: translate: pixels=8 needs"),
        ({"batch_size": 1}, "batch_size 1, accumulate 1"),
        ({"batch_size": 32, "accumulate": 32}, "batch_size 32, accumulate 32"),
        ({"sampling": {"name": "static", "fraction": 1e-4}}, "cannot be trained on one example at a time"),
    ],
)
def test_what_cannot_is_said_before_the_race(digits: Data, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        try_out(recipe(**fields), digits)


def test_what_a_users_model_raises_is_left_as_it_is(digits: Data) -> None:
    with pytest.raises(ZeroDivisionError, match="mine"):
        try_out(recipe(model="own_models_to_try:Broken"), digits)


def test_a_round_is_tried_on_what_is_trained_on_and_not_on_the_validation_part_too(digits: Data) -> None:
    # Of 600 examples 400 are trained on: three tenths of them make no batch of 128, of 600 they would.
    few = replace(digits, train=digits.train.subset(torch.arange(600)))
    sampling = {"name": "rs2", "fraction": 0.3, "drop_last": True}
    with pytest.raises(RecipeError, match=r"sampling: .*too few for"):
        try_out(recipe(batch_size=128, sampling=sampling), few)
    try_out(recipe(batch_size=64, sampling=sampling), few)
