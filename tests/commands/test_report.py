from pathlib import Path

import pytest

from sooner.results.records import Results
from tests.commands.line import Run
from tests.racing.made import plan
from tests.racing.raced import race


@pytest.fixture(autouse=True)
def raced(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})


def test_the_files_are_written_again_from_the_store(sooner: Run, tmp_path: Path) -> None:
    status, out, err = sooner("report", "r")
    assert (status, err) == (0, "")
    assert "report: r/report.html" in out
    found = Results.load(tmp_path / "r" / "results.json")
    assert [lane.name for lane in found.lanes] == ["baseline", "fast"]
    assert "fast" in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    (tmp_path / "r" / "results.json").unlink()
    assert sooner("report", "r")[0] == 0
    assert Results.load(tmp_path / "r" / "results.json") == found


def test_another_target_is_shown_and_nothing_is_written(sooner: Run, tmp_path: Path) -> None:
    before = sorted(path.name for path in (tmp_path / "r").iterdir())
    status, out, _ = sooner("report", "r", "--target", "0.45")
    assert status == 0
    assert "The race was for 0.9; this is what it shows at 0.45. A target chosen after seeing the results" in out
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == before


def test_mistakes_are_one_message_and_status_2(sooner: Run, tmp_path: Path) -> None:
    status, _, err = sooner("report", "nowhere")
    assert (status, "holds no race" in err) == (2, True)
    assert not (tmp_path / "nowhere").exists()
    status, _, err = sooner("report", "r", "--target", "nan")
    assert (status, "--target must be a finite number, not nan" in err) == (2, True)


def test_what_cannot_be_written_is_said_and_the_race_is_kept(sooner: Run, tmp_path: Path) -> None:
    (tmp_path / "r" / "results.json").mkdir()
    status, _, err = sooner("report", "r")
    assert status == 2
    assert "safe in race.db" in err
    assert {path.name for path in (tmp_path / "r").iterdir()} == {"race.db", "results.json"}
