from typing import Any

import pytest

from sooner.results.changes import Change, changes, methods, settings

SGD = {"name": "sgd", "lr": 0.4, "momentum": 0.9}
BASE: dict[str, Any] = {
    "name": "baseline", "summary": "the task's own", "budget": "40ep", "batch_size": 128, "optimizer": SGD,
    "schedule": {"name": "linear", "warmup": 0.1}, "sampling": {"name": "reshuffle"}, "averaging": None,
    "augmentation": [{"name": "flip"}, {"name": "translate", "pixels": 1}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"name": "mine", "summary": "other words"}, []),
        ({"optimizer": {**SGD, "lr": 0.05}, "budget": "20ep"},
         [Change("budget", "40ep", "20ep"), Change("optimizer", 0.4, 0.05, option="lr")]),
        ({"optimizer": {"name": "lamb", "lr": 0.01}},
         [Change("optimizer", SGD, {"name": "lamb", "lr": 0.01}, method="lamb")]),
        ({"averaging": {"name": "ema", "decay": 0.9}},
         [Change("averaging", None, {"name": "ema", "decay": 0.9}, method="ema")]),
        ({"schedule": {"name": "cosine"}}, [Change("schedule", BASE["schedule"], {"name": "cosine"})]),
        ({"augmentation": [{"name": "translate", "pixels": 2}, {"name": "cutout", "size": 8}]},
         [Change("augmentation", 1, 2, option="pixels"),
          Change("augmentation", None, {"name": "cutout", "size": 8}, method="cutout"),
          Change("augmentation", {"name": "flip"}, None)]),
        ({"augmentation": [*BASE["augmentation"], {"name": "flip"}]}, [Change("augmentation", None, {"name": "flip"})]),
        ({"wrappers": [{"name": "lookahead"}]}, [Change("wrappers", None, {"name": "lookahead"}, method="lookahead")]),
        ({"batch_size": 512}, [Change("batch_size", 128, 512)]),
    ],
)  # fmt: skip
def test_what_a_recipe_has_otherwise(fields: dict[str, Any], found: list[Change]) -> None:
    assert changes({**BASE, **fields}, BASE) == found


def test_methods_and_settings_are_told_apart_and_fields_can_be_left_out() -> None:
    mine = {**BASE, "sampling": {"name": "rs2", "fraction": 0.3}, "budget": "12ep", "batch_size": 64}
    found = changes(mine, BASE, but=["budget"])
    assert methods(found) == ("rs2",)
    assert settings(found) == (Change("batch_size", 128, 64),)


def test_json_does_not_change_a_recipe() -> None:
    assert changes({"optimizer": {**SGD, "betas": (0.9, 0.99)}}, {"optimizer": {**SGD, "betas": [0.9, 0.99]}}) == []
