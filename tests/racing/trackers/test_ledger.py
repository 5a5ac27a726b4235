import json
from pathlib import Path

import pytest

from sooner.racing.trackers._ledger import NAME, Ledger
from tests.racing.trackers.conftest import record


def test_it_is_the_same_race_with_the_same_runs_when_opened_again(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    first.save()
    first.add("mlflow", record("baseline@3ep", 2, []))
    again = Ledger(tmp_path)
    assert again.race == first.race
    assert again.holds("mlflow", record("baseline@3ep", 2, []))
    assert not again.holds("mlflow", record("baseline@3ep", 3, []))
    assert not again.holds("wandb", record("baseline@3ep", 2, []))
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_two_races_are_not_one(tmp_path: Path) -> None:
    assert Ledger(tmp_path / "a").race != Ledger(tmp_path / "b").race


@pytest.mark.parametrize("text", ["", '{"race": "ab', "[]", "{}", '{"race": "ab", "runs": {"mlflow": [1]}}', "\x00"])
def test_a_broken_file_is_a_new_beginning(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    ledger = Ledger(tmp_path)
    assert not ledger.holds("mlflow", record("baseline", 0, []))
    ledger.add("mlflow", record("baseline", 0, []))
    assert json.loads((tmp_path / NAME).read_text())["race"] == ledger.race != "ab"
