"""A target that is met before the training begins: the ordinary case where a pretrained model is trained on."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from sooner.commands import outcome
from sooner.racing import race as racing
from sooner.racing.store import Store
from sooner.reporting import plain_text
from sooner.reporting.checks import checks
from sooner.results.records import Results
from sooner.results.verdict import Cause, Finding, Reason
from sooner.training.evaluation import Evaluation
from tests.commands.line import Run
from tests.racing.made import plan, record

LATE = [Evaluation(0.0, 0, 0, 0.1), Evaluation(8.0, 100, 6400, 1.7)]  # 0.9 after 4 s


def raced(folder: Path, lane: list[Evaluation], baseline: list[Evaluation], **of_run: object) -> Results:
    """Six pairs of runs with these looks, stored and scored."""
    racing.start(folder, plan("mine"))
    store = Store(folder)
    for seed in range(6):
        for name, looks in (("baseline", baseline), ("mine", lane)):
            end = looks[-1].seconds
            made = record(name, seed, end)
            store.add(type(made)(**{**vars(made), "looks": looks, "seconds": end, **of_run}))
    store.close()
    return racing.results(folder)


def on_wall(results: Results) -> tuple[Finding, tuple[Reason, ...], float | None, float | None]:
    c = next(c for c in results.comparisons if c.clock == "wall")
    return c.finding, c.reasons, c.ci_low, c.ci_high


def test_a_lane_that_starts_above_the_target_is_faster_by_what_its_next_look_allows(tmp_path: Path) -> None:
    good = [Evaluation(0.0, 0, 0, 0.95), Evaluation(2.0, 100, 6400, 0.97)]
    results = raced(tmp_path / "a", good, LATE)
    assert on_wall(results) == (Finding.FASTER, (), pytest.approx(2.0), None)  # 4 s over at most 2 s
    again = raced(tmp_path / "b", LATE, good)
    assert on_wall(again) == (Finding.SLOWER, (), None, pytest.approx(0.5))
    text = next(check.text for check in checks(results) if check.subject == "Target too easy")
    assert text == (
        "6 runs had reached it before any training, and count as no later than their next evaluation. Set a target "
        "above 0.950, the best that a first evaluation found."
    )


@pytest.mark.parametrize(
    "looks",
    [
        [Evaluation(0.0, 0, 0, 0.95)],
        [Evaluation(0.0, 0, 0, 0.95), Evaluation(0.0, 1, 64, 0.96)],
        [Evaluation(0.0, 0, 0, 0.95), Evaluation(3.0, 100, 6400, 0.96)],
    ],
)
def test_lanes_that_all_start_above_the_target_show_nothing_and_are_read_and_drawn(
    tmp_path: Path, looks: list[Evaluation]
) -> None:
    results = raced(tmp_path, looks, looks)
    assert on_wall(results) == (Finding.OPEN, (Reason(Cause.FIRST_EVALUATION),), None, None)
    found = next(check for check in checks(results) if check.subject == "Target too easy")
    assert found.level == "bad"
    assert "nothing to compare. Set a target above 0.950" in found.text
    outcome.write(results, tmp_path)
    assert Results.load(tmp_path / outcome.RESULTS) == results
    assert "6 of 6  0 s" in plain_text(results)


def test_a_run_that_failed_before_its_clock_moved_says_nothing(tmp_path: Path) -> None:
    failed = raced(tmp_path, [Evaluation(0.0, 0, 0, 0.1)], LATE, stopped="it exited with status 1")
    assert on_wall(failed)[2:] == (None, None)
    outcome.write(failed, tmp_path)


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ('print(\'{"metric": 0.85, "step": 0, "seconds": 0}\')', ()),
        ("print('epoch 0 acc=0.85')", ("--metric", r"epoch (?P<step>\d+) acc=(?P<metric>[0-9.]+)")),
        ("import sooner; sooner.report(0.85, step=0, examples=0)", ()),
    ],
)
def test_a_program_that_starts_above_the_target(
    sooner: Run, tmp_path: Path, code: str, options: tuple[str, ...]
) -> None:
    (tmp_path / "one.py").write_text(code)
    (tmp_path / "other.py").write_text(code)
    programs = [f"{shlex.quote(sys.executable)} {name} {{seed}}" for name in ("one.py", "other.py")]
    status, out, err = sooner("race", "--target", "0.8", "--pairs", "1", "--out", "r", *options, "--", *programs)
    assert (status, err) == (0, "")
    assert "Every run had reached it at its first evaluation" in out
    status, out, err = sooner("report", "r")
    assert (status, err) == (0, "")
    assert json.loads((tmp_path / "r" / "results.json").read_text())["lanes"][0]["runs"][0]["hit"]
