"""The examples that race: the command in each one's docstring is right, and what it runs tells its metric."""

import ast
import shlex
import sys
from pathlib import Path

import pytest

from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.programs import Program, ProgramRuns

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("race_*.py"))


def _programs(example: Path) -> list[Program]:
    """The lanes of the race that the docstring of `example` shows, of two epochs each."""
    text = ast.get_docstring(ast.parse(example.read_text())) or ""
    start = text.index("sooner race ")
    command = text[start : text.index("\n\n", start)].replace("\\\n", " ")
    options, _, commands = command.partition(" -- ")
    words = shlex.split(options)
    given = dict(zip(words[2::2], words[3::2], strict=True))
    metric, names = given.get("--metric"), given["--names"].split(",")
    assert given["--pairs"] == "6"  # a verdict needs as many
    assert 0.8 < float(given["--target"]) < 1
    return [
        Program(name, each.replace("python ", f"{sys.executable} ", 1) + " --epochs 2", metric=metric)
        for name, each in zip(names, shlex.split(commands), strict=True)
    ]


def test_there_is_one_for_each_way_to_train() -> None:
    stems = [path.stem for path in EXAMPLES]
    assert stems == ["race_lightning", "race_plain_pytorch", "race_sklearn", "race_transformers"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_its_last_lane_runs(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    programs = _programs(example)
    assert len(programs) == 2
    lane = PlannedLane("mine", "lane", programs[-1])
    record = ProgramRuns(programs, threads=1).run(lane, 3, saved=tmp_path / "saved")
    assert record.stopped is None, record.output
    assert record.looks[-1].metric > 0.15
    assert [look.examples for look in record.looks] == sorted({look.examples for look in record.looks})
