"""Names that come from files: refused where they come in, written out where they were stored."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import sooner as library
from sooner.errors import RecipeError
from sooner.racing import race as racing
from sooner.racing.store import NAME
from sooner.results.records import Results
from tests.commands.line import Run

QUICK = ("--pairs", "1", "--model", "mlp", "--budget", "3ba", "--threads", "1", "--device", "cpu", "--target", "0.5")
HOSTILE = "\x1b[2J\u202efast\nbaseline: 9.99x <script>alert(1)</script>"
WRITTEN_OUT = "\\x1b[2J\\u202efast\\nbaseline: 9.99x <script>alert(1)</script>"


def hidden(text: str) -> bool:
    return any(character in text for character in "\x1b\u202e")


def test_a_recipes_name_or_model_with_control_characters_is_refused_and_shown(sooner: Run, tmp_path: Path) -> None:
    for field in ("name", "model"):
        (tmp_path / "r.yaml").write_text(f"extends: baseline\n{field}: {json.dumps(HOSTILE)}\n")
        status, out, err = sooner("race", "r.yaml", "--task", "digits", *QUICK[:2], *QUICK[4:], "--out", "r")
        assert status == 2
        assert f"r.yaml: {field}: it must be one line of text without control characters, and '{WRITTEN_OUT}'" in err
        assert not hidden(out + err)


def test_a_programs_or_a_functions_name_is_refused_likewise(sooner: Run) -> None:
    race = ("race", "--target", "0.5", "--names", "a\x1bb", "--metric", "acc=([0-9.]+)", "--", "echo acc=0.5{seed}")
    status, out, err = sooner(*race)
    assert status == 2
    assert "a lane's name must be one line of text without control characters, and 'a\\x1bb' has some" in err
    assert not hidden(out + err)
    with pytest.raises(RecipeError, match=r"a lane's name must .* 'a\\nb' has some"):
        library.race({"a\nb": lambda seed: []}, target=0.5)
    with pytest.raises(RecipeError, match=r"the metric's name must .* 'a\\nb' has some"):
        library.race({"a": lambda seed: []}, target=0.5, metric="a\nb")


def test_names_in_a_store_are_written_out_on_terminal_and_page_and_its_runs_stay(sooner: Run, tmp_path: Path) -> None:
    assert sooner("race", "digits", *QUICK, "--lanes", "baseline,rs2-30", "--out", "r")[0] == 0
    runs = racing.finished(tmp_path / "r")
    with closing(sqlite3.connect(tmp_path / "r" / NAME)) as database, database:
        (text,) = database.execute("SELECT value FROM meta WHERE key = 'plan'").fetchone()
        plan = json.loads(text)
        lane = next(lane for lane in plan["lanes"] if lane["name"] == "rs2-30")
        lane["name"] = lane["recipe"]["name"] = plan["task"]["metric"] = HOSTILE
        database.execute("UPDATE meta SET value = ? WHERE key = 'plan'", (json.dumps(plan),))
        database.execute("UPDATE runs SET lane = ? WHERE lane = 'rs2-30'", (HOSTILE,))
        database.execute("INSERT INTO events (text) VALUES (?)", (HOSTILE,))
    status, out, err = sooner("report", "r")
    assert status == 0, err
    assert WRITTEN_OUT in out
    assert not hidden(out + err)
    assert len(racing.finished(tmp_path / "r")) == len(runs)
    page = (tmp_path / "r" / "report.html").read_text()
    assert "<script>alert" not in page
    assert not hidden(page)
    assert "\\x1b[2J\\u202efast\\nbaseline: 9.99x &lt;script&gt;" in page


def test_names_in_results_are_written_out(sooner: Run, tmp_path: Path) -> None:
    assert sooner("race", "digits", *QUICK, "--lanes", "baseline", "--out", "r")[0] == 0
    found = json.loads((tmp_path / "r" / "results.json").read_text())
    found["task"] = found["metric"] = found["lanes"][0]["name"] = HOSTILE
    found["lanes"][0]["runs"][0]["output"] = "line\nline\x1b[2J"
    (tmp_path / "sent.json").write_text(json.dumps(found))
    results = Results.load(tmp_path / "sent.json")
    assert (results.task, results.metric, results.lanes[0].name) == (WRITTEN_OUT,) * 3
    assert results.lanes[0].runs[0].output == "line\nline\\x1b[2J"
    status, out, err = sooner("compare", "sent.json", "r")
    assert status == 2
    assert WRITTEN_OUT in err
    assert not hidden(out + err)
