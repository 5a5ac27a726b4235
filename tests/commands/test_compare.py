import json
from dataclasses import replace
from pathlib import Path

import pytest

from sooner.commands.compare import compare
from sooner.commands.outcome import load, write
from sooner.errors import SoonerError, StoreError
from sooner.racing import race as racing
from sooner.results.records import Results
from tests.commands.line import Run
from tests.racing.made import plan
from tests.racing.raced import later, race


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    race(tmp_path / "a", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    race(tmp_path / "b", later("fast", seed=6), {"baseline": 10.0, "fast": 5.0})
    return tmp_path / "a", tmp_path / "b"


def test_races_become_one_report(two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(racing.results(two[1]), tmp_path / "elsewhere")
    compare([two[0], tmp_path / "elsewhere" / "results.json"], out=tmp_path / "both")
    out = capsys.readouterr().out
    assert "faster: 2.00x" in out
    assert "12 pairs" in out
    assert {path.name for path in (tmp_path / "both").iterdir()} == {"results.json", "report.html"}
    found = Results.load(tmp_path / "both" / "results.json")
    assert len(found.lanes[0].runs) == 12
    said = json.loads((tmp_path / "both" / "results.json").read_text())
    assert said["comparisons"][0]["verdict"].startswith("faster: 2.00x (95% CI 2.00 to 2.00 over 2 looks, 12 pairs)")
    assert "no seed in common" in said["warnings"][0]
    assert "no seed in common" in (tmp_path / "both" / "report.html").read_text()


def test_races_for_different_targets_are_scored_at_one(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(racing.results(two[1]), target=0.5)
    write(other, tmp_path / "c")
    with pytest.raises(SoonerError, match=r"target: 0.9 in .*, 0.5 in"):
        compare([two[0], tmp_path / "c"])
    compare([two[0], tmp_path / "c"], target=0.48)
    out = capsys.readouterr().out
    assert "chosen after them: verdicts allow for a choice among all targets" in out
    assert "12 pairs" in out
    with pytest.raises(SoonerError, match="--target must be a finite number, not nan"):
        compare([two[0], tmp_path / "c"], target=float("nan"))


def test_a_side_by_side_report_can_be_written(two: tuple[Path, Path], tmp_path: Path) -> None:
    race(tmp_path / "c", plan("slow"), {"baseline": 10.5, "slow": 20.0})
    compare([two[0], tmp_path / "c"], out=tmp_path / "both")
    assert "baseline#2" in (tmp_path / "both" / "report.html").read_text()


def test_what_is_no_race_is_refused(two: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"task": "x"')
    (tmp_path / "other.json").write_text('{"task": "x"}')
    newer = json.loads(racing.results(two[0]).to_json()) | {"format": 99}
    (tmp_path / "newer.json").write_text(json.dumps(newer))
    for path, message in (
        ("nothing", "there is no race at"),
        ("broken.json", "cannot be read as the results of a race"),
        ("other.json", "cannot be read as the results of a race"),
        ("newer.json", "has format 99"),
    ):
        with pytest.raises(StoreError, match=message):
            load(tmp_path / path)
    with pytest.raises(StoreError, match="holds a race of its own"):
        compare([*two], out=two[0])
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="could not write"):
        compare([*two], out=tmp_path / "file")


def test_races_are_compared(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "a", plan("one"), {"baseline": 10.0, "one": 5.0})
    race(tmp_path / "b", plan("two"), {"baseline": 10.5, "two": 5.0})
    status, out, err = sooner("compare", "a", "b", "--target", "0.5")
    assert status == 0, err
    assert "baseline#2" in out


def test_every_mistake_is_one_message_and_status_2(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    for arguments, expected in {
        ("compare", "r"): "1 race was given",
        ("compare", "r", "r"): "give each race once",
        ("compare", "r", "nothing"): "there is no race at nothing",
    }.items():
        status, _, err = sooner(*arguments)
        assert status == 2, arguments
        assert expected in err, (arguments, err)
