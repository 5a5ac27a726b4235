import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from sooner.commands import suite_record
from sooner.commands.request import Request
from sooner.commands.suite import own_folder, race_all
from sooner.errors import DataError, SoonerError, StoreError
from sooner.racing.plan.rules import Rules
from sooner.results.records import Results
from tests.commands.line import QUICK, Run
from tests.racing import gated
from tests.racing.made import plan
from tests.racing.raced import race

REQUEST = Request(
    lanes=["rs2-30"], model="mlp", pairs=1, budget="2ep", device="cpu", threads=1, workers=0, examples=None
)
TARGETS = [0.5, 0.3]


@pytest.fixture(autouse=True)
def mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real digits of scikit-learn, in the place, size and layout of MNIST."""
    images, labels = load_digits(return_X_y=True)
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for part, rows in (("train", slice(0, 900)), ("test", slice(900, 1000))):
        files = [{"bytes": _png(image), "path": None} for image in images[rows]]
        pq.write_table(pa.table({"image": files, "label": labels[rows].tolist()}), folder / f"{part}.parquet")
    monkeypatch.setenv("SOONER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _png(image: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray((image.reshape(8, 8) * 15).astype(np.uint8)).resize((28, 28)).save(file, "PNG")
    return file.getvalue()


def test_a_suite_races_profiles_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s"
    race_all(["digits", "mnist"], REQUEST, out, targets=TARGETS)
    printed = capsys.readouterr().out
    assert "Over 2 tasks: shares come in steps of 50%" in printed
    assert "fitted control of rs2-30" in printed
    assert "digits: rs2-30" in printed
    assert "mnist: rs2-30" in printed
    record = json.loads((out / "suite.json").read_text())
    assert {name: task["target"] for name, task in record["tasks"].items()} == {"digits": 0.5, "mnist": 0.3}
    assert set(record["profiles"]) == {"wall", "examples"}
    lanes = {each["lane"] for each in record["profiles"]["wall"]}
    assert lanes == {"baseline", "rs2-30", "fitted control of rs2-30"}
    for task in ("digits", "mnist"):
        found = Results.load(out / record["tasks"][task]["results"])
        assert [lane.name for lane in found.lanes] == ["baseline", "rs2-30", "baseline@0.6ep"]
        assert (out / task / "report.html").exists()
    page = (out / "suite.html").read_text()
    assert 'href="digits/report.html"' in page
    assert "Over 2 tasks" in page
    assert "too few pairs: 1" in page

    (out / "suite.html").unlink()
    race_all(["digits", "mnist"], REQUEST, out, targets=TARGETS)  # nothing is raced again
    again = capsys.readouterr().out
    assert "[1/3]" not in again
    assert (out / "suite.html").exists()
    assert json.loads((out / "suite.json").read_text()) == record

    race_all(["digits"], REQUEST, out, targets=[0.5])  # fewer tasks are another profile of the same races
    assert "Over 1 task: shares come in steps of 100%" in capsys.readouterr().out
    for changed, targets, message in (
        (replace(REQUEST, pairs=2), TARGETS, r"pairs: began with 1, now 2"),
        (REQUEST, [0.6, 0.3], r"is for 0.5, not 0.6"),
        (replace(REQUEST, rules=Rules(detect=0.2)), TARGETS, r"rules: began with"),
    ):
        with pytest.raises(StoreError, match=message):
            race_all(["digits", "mnist"], changed, out, targets=targets)


def test_mistakes_are_told_before_anything_is_raced(tmp_path: Path) -> None:
    for names, message in (
        (["digits", "mnst"], "there is no mnst"),
        (["digits", "digits"], "one is given twice"),
        ([], "none was given"),
    ):
        with pytest.raises(DataError, match=message):
            race_all(names, REQUEST, tmp_path / "s", targets=TARGETS)
    with pytest.raises(SoonerError, match=r"or one for each, not 2 for 1 task$"):
        race_all(["digits"], REQUEST, tmp_path / "s", targets=TARGETS)
    with pytest.raises(DataError, match="target"):
        race_all(["digits", "mnist"], REQUEST, tmp_path / "s", targets=[95.0])
    assert not (tmp_path / "s").exists()
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "suite.json").write_text("{")
    (tmp_path / "s" / "digits").mkdir()
    (tmp_path / "s" / "digits" / "race.db").touch()
    with pytest.raises(StoreError, match="cannot be read"):
        race_all(["digits", "mnist"], REQUEST, tmp_path / "s", targets=TARGETS)
    (tmp_path / "s" / "race.db").touch()
    with pytest.raises(StoreError, match="holds a race"):
        race_all(["digits", "mnist"], REQUEST, tmp_path / "s", targets=TARGETS)


def test_an_interrupt_is_clean_and_the_same_command_goes_on(sooner: Run, tmp_path: Path) -> None:
    asked = f"digits --lanes rs2-30 --target 0.5 --model {gated.MODEL} --budget 4ep --pairs 1"
    machine = "--threads 1 --workers 0 --device cpu"
    command = ["suite", *asked.split(), *machine.split(), "--out", str(tmp_path / "s")]
    status, printed = gated.interrupted(command, tmp_path / "gate", at=50)
    assert status == 130, printed
    assert "Traceback" not in printed
    assert "run the same sooner suite command to resume" in " ".join(printed.split())
    assert list((tmp_path / "s" / "digits").glob("run-*.safetensors"))  # it was in the midst of a run
    status, out, err = sooner(*command)
    assert status == 0, out + err
    assert "Over 1 task" in out
    found = Results.load(tmp_path / "s" / "digits" / "results.json")
    assert [run.resumed for lane in found.lanes for run in lane.runs].count(1) == 1


def test_without_a_folder_the_same_command_finds_its_own_again(sooner: Run, tmp_path: Path) -> None:
    asked = ("suite", "digits", "--lanes", "rs2-30", "--target", "0.5", *QUICK, "--workers", "0")
    asked = (*asked, "--pairs", "1")
    status, out, err = sooner(*asked)
    assert status == 0, err
    own = Path("races") / "suite-digits"
    assert f"report: {own / 'suite.html'}" in out
    assert "[1/3]" in out

    status, out, err = sooner(*asked)  # nothing is raced again
    assert status == 0, err
    assert f"report: {own / 'suite.html'}" in out
    assert "[1/3]" not in out

    request = Request(lanes=["rs2-30"], model="mlp", pairs=1, budget="2ep", device="cpu", threads=1, workers=0)
    assert suite_record.begun_so(own, request, {"digits": 0.5})
    for other, targets in (
        (replace(request, pairs=2), {"digits": 0.5}),
        (request, {"digits": 0.6}),
    ):
        assert not suite_record.begun_so(own, other, targets)
        assert own_folder(targets, other) == Path("races") / "suite-digits-2"
    assert own_folder({"digits": 0.5, "mnist": 0.3}, request) == Path("races") / "suite-digits-mnist"


def test_a_mistake_leaves_nothing_that_the_right_command_stumbles_over(sooner: Run, tmp_path: Path) -> None:
    status, _, err = sooner("suite", "digits", "--lanes", "rs2-3", *QUICK)
    assert status == 2
    assert "rs2-30" in err
    out = Path("races") / "suite-digits"
    assert suite_record.begun_so(out, REQUEST, {"digits": 0.5})
    suite_record.begin(out, REQUEST)


def test_every_mistake_is_one_message_and_status_2(sooner: Run, tmp_path: Path) -> None:
    race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    for arguments, expected in {
        ("suite", "digits,digit", "--out", "s"): "there is no digit",
        ("suite", "digits", "--out", "s", "--target", "high"): "--target must be a number",
        ("suite", "digits", "--out", "s", "--max-pairs", "9"): "--max-pairs is for a race --until decided",
        ("suite", "digits", "--out", "r"): "holds a race",
    }.items():
        status, _, err = sooner(*arguments)
        assert status == 2, arguments
        assert expected in err, (arguments, err)


def test_a_tasks_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "digits").symlink_to(tmp_path / "mine")
    with pytest.raises(StoreError, match=r"digits is a link to .*mine; a suite writes into folders of its own"):
        race_all(["digits"], REQUEST, tmp_path / "suite", targets=[0.5])
    assert not list((tmp_path / "mine").iterdir())
