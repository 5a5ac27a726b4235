import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import torch

import sooner
from sooner._report import VARIABLE, sink

MODULE = Path(sys.modules["sooner._report"].__file__ or "")


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """The lines reported so far, as this process would report them in a race."""
    path = tmp_path / "reports"
    monkeypatch.setenv(VARIABLE, str(path))
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    return lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("metric", [0.5, np.float32(0.5), torch.tensor(0.5), Decimal("0.5"), lambda: 0.5])
def test_outside_a_race_it_is_the_metric_and_nothing_more(metric, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert sooner.report(metric, step=1, examples=np.int64(2)) == 0.5


def test_in_a_race_the_clock_is_told_to_stand_still_while_the_metric_is_computed(reports):
    computed = []

    def metric():
        computed.extend((time.monotonic(), time.monotonic()))
        return 0.25

    before = time.monotonic()
    assert sooner.report(metric, step=3, examples=192) == 0.25
    after = time.monotonic()
    pause, resume = reports()
    assert before <= pause["pause"] <= computed[0] <= computed[1] <= resume["resume"] <= after
    assert (resume["metric"], resume["step"], resume["examples"]) == (0.25, 3, 192)


def test_the_clock_goes_on_when_the_metric_fails(reports):
    with pytest.raises(ZeroDivisionError):
        sooner.report(lambda: 1 / 0)
    assert [set(line) for line in reports()] == [{"pause"}, {"step", "examples", "resume"}]


@pytest.mark.parametrize(("variable", "rank", "lines"), [("RANK", "0", 2), ("RANK", "1", 0), ("LOCAL_RANK", "3", 0)])
def test_the_first_process_alone_reports_and_all_compute(reports, monkeypatch, variable, rank, lines):
    monkeypatch.setenv(variable, rank)
    computed = []
    sooner.report(lambda: computed.append(1) or 0.5)
    assert computed == [1]
    assert len(reports()) == lines


def test_rank_counts_before_local_rank(reports, monkeypatch):
    monkeypatch.setenv("RANK", "4")  # the first process of the second machine
    monkeypatch.setenv("LOCAL_RANK", "0")
    sooner.report(0.5)
    assert reports() == []


@pytest.mark.parametrize("metric", ["0.9", None, [0.9], torch.ones(2), lambda: None, 1j])
def test_what_is_no_number_is_refused(metric):
    with pytest.raises(TypeError, match="report needs a number, or a function that returns one, not"):
        sooner.report(metric)


@pytest.mark.parametrize(
    ("counts", "error"), [({"step": 1.5}, TypeError), ({"step": -1}, ValueError), ({"examples": 2**63}, ValueError)]
)
def test_counts_are_whole_numbers(counts, error):
    with pytest.raises(error, match=f"{next(iter(counts))} "):
        sooner.report(0.5, **counts)


def test_a_sink_in_this_process_comes_first(reports):
    heard = []
    token = sink.set(lambda metric, step, examples: heard.append((metric, step, examples)) or 7.0)
    try:
        assert sooner.report(0.5, examples=3) == 7.0
    finally:
        sink.reset(token)
    assert heard == [(0.5, None, 3)]
    assert reports() == []


def test_the_module_itself_needs_no_package():
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*{m.partition('.')[0] for m in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code, str(MODULE)], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "sooner"} & set(found.stdout.split())


def test_a_report_appends_two_lines_and_loads_nothing(reports):
    sooner.report(0.5)
    loaded, size = set(sys.modules), os.path.getsize(os.environ[VARIABLE])
    sooner.report(0.5)
    assert set(sys.modules) == loaded
    assert len(reports()) == 4  # when the metric began to be computed, and the metric
    assert os.path.getsize(os.environ[VARIABLE]) - size < 300  # bytes
