import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from sooner.commands import suite_record
from sooner.commands.request import Request
from sooner.errors import StoreError
from sooner.racing.plan.rules import Rules

# What version 0.2.0 wrote for: sooner suite digits,mnist --lanes rs2-10,ies --pairs 8 --budget 4ep --detect ... --out s
OF_0_2_0 = {
    "format": 1,
    "asked": {
        "lanes": ["rs2-10", "ies"],
        "model": None,
        "pairs": 8,
        "budget": "4ep",
        "seed": 3,
        "device": "auto",
        "threads": 2,
        "workers": 2,
        "examples": None,
        "rules": {
            "protocol": "first-hit",
            "until": "decided",
            "detect": 0.2,
            "confirm": True,
            "share": 0.5,
            "scan": 2,
            "price": None,
        },
    },
}


def race_below(out: Path) -> None:
    """As a suite leaves it whose first race was planned."""
    (out / "digits").mkdir(parents=True)
    (out / "digits" / "race.db").touch()


REQUEST = Request(
    lanes=["rs2-10", "ies"],
    pairs=8,
    budget="4ep",
    seed=3,
    threads=2,
    rules=Rules(until="decided", detect=0.2, confirm=True),
)


def test_a_suite_of_version_0_2_0_goes_on(tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_text(json.dumps(OF_0_2_0))
    suite_record.begin(tmp_path, REQUEST)
    assert json.loads((tmp_path / "suite.json").read_text()) == OF_0_2_0


def test_a_new_one_is_kept_as_it_was_then(tmp_path: Path) -> None:
    suite_record.begin(tmp_path / "s", replace(REQUEST, lanes=("rs2-10", "ies")))
    assert json.loads((tmp_path / "s" / "suite.json").read_text()) == OF_0_2_0
    suite_record.begin(tmp_path / "s", REQUEST)


@pytest.mark.parametrize(
    "name", ["lanes", "model", "pairs", "budget", "seed", "device", "threads", "workers", "examples"]
)
def test_it_goes_on_only_as_it_began(tmp_path: Path, name: str) -> None:
    suite_record.begin(tmp_path, REQUEST)
    race_below(tmp_path)
    with pytest.raises(StoreError, match=f"{name}: began with .*, now other"):
        suite_record.begin(tmp_path, replace(REQUEST, **{name: "other"}))


def test_before_its_first_race_it_may_be_asked_for_otherwise(tmp_path: Path) -> None:
    suite_record.begin(tmp_path, replace(REQUEST, lanes=["rs2-1O"]))
    suite_record.begin(tmp_path, REQUEST)
    race_below(tmp_path)
    suite_record.begin(tmp_path, REQUEST)


def test_a_folder_that_is_no_suites_is_none_that_was_begun_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert not suite_record.begun_so(tmp_path, REQUEST, {"digits": 0.9})
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_every_field_of_a_request_is_kept_or_of_a_task() -> None:
    of_a_task = {"items", "task", "data", "label", "target", "programs", "skip_bad", "image_size"}
    kept = OF_0_2_0["asked"]
    assert isinstance(kept, dict)
    assert {each.name for each in fields(Request)} == of_a_task | kept.keys()


def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_text('{"format": 1}')
    race_below(tmp_path)
    with pytest.raises(StoreError, match=r"cannot be read .* give another --out"):
        suite_record.begin(tmp_path, REQUEST)


def test_one_that_is_tuned_is_another(tmp_path: Path) -> None:
    suite_record.begin(tmp_path, replace(REQUEST, rules=replace(REQUEST.rules, tune=True, tune_seeds=3)))
    assert json.loads((tmp_path / "suite.json").read_text())["asked"]["rules"]["tune_seeds"] == 3
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "race.db").touch()
    with pytest.raises(StoreError, match=r"the suite in .* was begun otherwise"):
        suite_record.begin(tmp_path, REQUEST)
