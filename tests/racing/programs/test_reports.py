import time
from pathlib import Path

from sooner.racing.programs.reading import Reading
from sooner.racing.programs.reports import Message, Reports


def test_reports_are_read_as_they_come(tmp_path: Path) -> None:
    path, started = tmp_path / "reports", time.monotonic()
    reports = Reports(path, started)
    assert reports.read() == []
    stamp = time.monotonic()
    with path.open("a") as file:
        file.write(f'{{"pause": {stamp!r}}}\n{{"metric": 0.5, "step": 3, "examples": null, "resume"')
        file.flush()
        assert reports.read() == [Message(stamp, pause=True)]
        file.write(f": {stamp!r}}}\n")
    assert reports.read() == [Message(stamp, Reading(0.5, 3), resume=True, reported=True)]
    assert reports.read() == []
    assert reports.heard >= stamp


def test_a_moment_of_another_clock_gives_way_to_that_of_arrival(tmp_path: Path) -> None:
    path, started = tmp_path / "reports", time.monotonic()
    path.write_text('{"pause": 0.0}\n{"resume": 1e12}\n')
    pause, resume = Reports(path, started).read()
    assert started <= pause.moment == resume.moment <= time.monotonic()
    assert (pause.pause, resume.resume, resume.reading) == (True, True, None)


def test_what_is_no_report_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    path.write_bytes(b'\xff\n[]\n3\n{}\n{"pause": "x"}\n{"metric": "a", "resume": 1}\n{"resume": null}\n')
    assert Reports(path, 0.0).read() == []
