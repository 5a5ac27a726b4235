"""Code that a recipe file or a store names, and not the user, runs only once the user has agreed."""

import io
import json
import sqlite3
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from sooner.commands import trust
from sooner.errors import TrustError
from sooner.racing import race as racing
from sooner.racing.store import NAME
from tests.commands.line import Run

QUICK = ("--pairs", "1", "--budget", "3ba", "--threads", "1", "--device", "cpu", "--target", "0.5")
MODULE = """
import pathlib
pathlib.Path(__file__).with_name("ran").touch()
from torch import nn

def net(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))

def load():
    import torch
    return torch.arange(40.0).reshape(20, 2), torch.arange(20) % 2
"""


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path, None, None]:
    """The file by which the received module says that it ran, in the working directory; nothing is agreed to yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sooner_test_sent.py").write_text(MODULE)
    (tmp_path / "sent.yaml").write_text("extends: baseline\nname: sent\nmodel: sooner_test_sent:net\n")
    sys.modules.pop("sooner_test_sent", None)
    yield tmp_path / "ran"
    sys.modules.pop("sooner_test_sent", None)


def replan(folder: Path, **task: str) -> None:
    """Add a pair to the plan in `folder`, so that there is something to run, and change its task."""
    with closing(sqlite3.connect(folder / NAME)) as database, database:
        (text,) = database.execute("SELECT value FROM meta WHERE key = 'plan'").fetchone()
        plan = json.loads(text)
        plan["pairs"] += 1
        plan["task"].update(task)
        database.execute("UPDATE meta SET value = ? WHERE key = 'plan'", (json.dumps(plan),))


def forget() -> None:
    (Path.cwd() / "state" / "sooner" / "trusted.json").unlink()


@pytest.mark.parametrize("command", ["race", "plan"])
def test_a_model_that_a_recipe_file_names_is_not_imported_unasked(sooner: Run, sent: Path, command: str) -> None:
    options = [*QUICK, "--out", "r"] if command == "race" else QUICK[2:]
    status, _, err = sooner(command, "sent.yaml", "--task", "digits", *options)
    assert status == 2
    assert f"import sooner_test_sent:net for the model, from {sent.with_name('sooner_test_sent.py')}" in err
    assert "add --trust" in err
    assert not sent.exists()
    assert not Path("r").exists()


def test_what_was_agreed_to_once_is_not_asked_for_again(sooner: Run, sent: Path) -> None:
    race = ("race", "sent.yaml", "--task", "digits", *QUICK)
    status, _, err = sooner(*race, "--out", "r", "--trust")
    assert status == 0, err
    assert sent.exists()
    assert sooner(*race, "--out", "again")[0] == 0
    replan(Path("r"))
    assert sooner("race", "--resume", "r")[0] == 0
    assert len(racing.finished(Path("r"))) == 4


def test_a_module_of_the_same_name_in_another_folder_is_asked_for(sooner: Run, sent: Path, monkeypatch) -> None:
    trust.remember([f"import sooner_test_sent:net for the model, from {sent.with_name('sooner_test_sent.py')}"])
    other = sent.with_name("other")
    other.mkdir()
    (other / "sooner_test_sent.py").write_text(MODULE)
    (other / "sent.yaml").write_text(sent.with_name("sent.yaml").read_text())
    monkeypatch.chdir(other)
    status, _, err = sooner("race", "sent.yaml", "--task", "digits", *QUICK, "--out", "r")
    assert (status, (other / "ran").exists()) == (2, False)
    assert str(other / "sooner_test_sent.py") in err


def test_what_the_user_names_is_the_users_word_and_a_store_that_another_sends_is_not(sooner: Run, sent: Path) -> None:
    status, _, err = sooner("race", "digits", "--model", "sooner_test_sent:net", *QUICK, "--out", "r", "--lanes=rs2-30")
    assert status == 0, err
    runs = len(racing.finished(Path("r")))
    forget()  # as on another machine
    replan(Path("r"))
    sent.unlink()
    sys.modules.pop("sooner_test_sent")
    before = Path("r", NAME).read_bytes()
    status, _, err = sooner("race", "--resume", "r")
    assert (status, sent.exists(), Path("r", NAME).read_bytes() == before) == (2, False, True)
    assert "the race in r holds code that you have not agreed to on this machine" in err
    assert sooner("report", "r")[0] == 0  # says what it found, and imports nothing
    assert not sent.exists()
    assert sooner("race", "--resume", "r", "--trust")[0] == 0
    assert len(racing.finished(Path("r"))) == 2 * runs


def test_data_of_a_function_in_a_store_are_not_read_unasked(sooner: Run, sent: Path) -> None:
    assert sooner("race", "digits", "--model", "mlp", *QUICK, "--out", "r", "--lanes", "baseline")[0] == 0
    replan(Path("r"), data="sooner_test_sent:load")
    status, _, err = sooner("race", "--resume", "r")
    assert (status, sent.exists()) == (2, False)
    assert "import sooner_test_sent:load for the data, from " in err


def test_programs_of_a_store_are_not_started_unasked(sooner: Run, sent: Path) -> None:
    command = "sh -c 'touch started; echo acc=0.9{seed}'"
    race = ("race", "--target", "0.5", "--metric", "acc=([0-9.]+)", "--pairs", "1", "--out", "r", "--", command)
    assert sooner(*race)[0] == 0
    Path("started").unlink()
    replan(Path("r"))
    forget()
    status, _, err = sooner("race", "--resume", "r")
    assert (status, Path("started").exists()) == (2, False)
    assert f"start in {Path.cwd()}: {command}" in err
    assert sooner("race", "--resume", "r", "--trust")[0] == 0
    assert Path("started").exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "agreed"), [("y\n", True), ("\n", False), ("n\n", False), ("", False)])
def test_on_a_terminal_it_is_a_question_whose_default_is_no(
    sent: Path, monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    try:
        trust.require(["start in /: rm \x1b[2J -r"], "races/theirs", trust=False)
        went_on = True
    except TrustError:
        went_on = False
    assert went_on == agreed
    assert "races/theirs holds code" in shown.getvalue()
    assert "start in /: rm \\x1b[2J -r" in shown.getvalue()
    assert "\x1b" not in shown.getvalue()


def test_a_record_that_cannot_be_read_or_written_means_asking_again(sent: Path) -> None:
    record = sent.with_name("state") / "sooner" / "trusted.json"
    record.parent.mkdir(parents=True)
    for content in ("", "{", "7", "[[1]]", "[" * 5000):
        record.write_text(content)
        with pytest.raises(TrustError):
            trust.require(["a"], "x", trust=False)
    record.unlink()
    record.mkdir()
    trust.require(["a"], "x", trust=True)
    with pytest.raises(TrustError):
        trust.require(["a"], "x", trust=False)
