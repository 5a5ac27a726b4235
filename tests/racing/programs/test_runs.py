"""Real programs, each a few lines of Python in a process of its own."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from sooner.errors import RecipeError
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.programs import Program, ProgramRuns
from sooner.racing.programs.text import Line, Tail
from sooner.racing.record import RunRecord
from sooner.racing.store import Store
from sooner.training.evaluation import Evaluation, Stopped
from tests.clock_by_hand import Hand

REPORT = "import sys, time; from sooner import report\n"  # which loads no torch
NUMBER = "acc=([0-9.]+)"
Race = Callable[..., RunRecord]


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    """A program that runs `code`, with the seed as its argument."""

    def make(code: str, **fields: Any) -> Program:
        script = tmp_path / "program.py"
        script.write_text(code)
        return Program("mine", f"{sys.executable} {shlex.quote(str(script))} {{seed}}", **fields)

    return make


@pytest.fixture
def run(program: Callable[..., Program], tmp_path: Path) -> Race:
    """Run `code` as a lane."""

    def make(
        code: str, *, on_look: Any = lambda look: None, on_step: Any = lambda save: None, **fields: Any
    ) -> RunRecord:
        entry = program(code, **fields)
        lane = PlannedLane("mine", "baseline", entry)
        return ProgramRuns([entry]).run(lane, 7, saved=tmp_path / "saved", on_look=on_look, on_step=on_step)

    return make


def test_a_pattern_on_stdout_timed_as_its_lines_arrive(run: Race, tmp_path: Path) -> None:
    looks: list[Evaluation] = []
    code = f"""
import sys, time
from pathlib import Path
time.sleep(0.1)
for n in 1, 2, 3:
    print(f'seed {{sys.argv[1]}} acc=0.{{n}}')
    while not Path({str(tmp_path)!r}, f"heard-{{n}}").exists():
        time.sleep(0.01)
"""

    def hear(look: Evaluation) -> None:
        looks.append(look)
        (tmp_path / f"heard-{look.step}").touch()

    record = run(code, metric=NUMBER, on_look=hear, timeout=60.0)  # each line is heard before the next is written
    assert record.looks == looks
    assert [look.metric for look in looks] == [0.1, 0.2, 0.3]
    assert [look.step for look in looks] == [1, 2, 3]
    assert 0.1 < looks[0].seconds < looks[1].seconds < looks[2].seconds <= record.seconds  # from its start on
    assert record.phases == {"run": record.seconds, "evaluate": 0.0}
    assert (record.stopped, record.output) == (None, None)
    assert (record.lane, record.seed, record.steps) == ("mine", 7, 3)
    assert record.peak_memory_bytes is not None
    assert record.peak_memory_bytes > 2**20


def test_json_lines(run: Race) -> None:
    code = """
print('{"lr": 0.1}')
print('{"step": 5, "examples": 320, "metric": 0.5, "seconds": 0.25}')
print('{"step": 10, "examples": 640, "metric": 0.75, "seconds": 0.5}')
"""
    began = time.monotonic()
    record = run(code, own_seconds=True)
    took = time.monotonic() - began
    assert record.looks == [Evaluation(0.25, 5, 320, 0.5), Evaluation(0.5, 10, 640, 0.75)]
    assert (record.steps, record.examples, record.stopped) == (10, 640, None)
    assert 0.5 <= record.seconds < 0.5 + took  # the program's clock, and wall time after it
    assert record.told_seconds


def test_the_seconds_that_a_program_tells_are_not_used_unasked(run: Race) -> None:
    """From after its set-up, they would make it faster than its twin that tells none."""
    code = """
import json, time
time.sleep(0.2)
print(json.dumps({"metric": 0.5, "seconds": 0.001}))
"""
    record = run(code)
    assert record.looks[0].seconds >= 0.2
    assert record.told_seconds
    assert record.reference is not None


@pytest.mark.parametrize("fields", [{}, {"metric": r'"metric": (?P<metric>[0-9.]+), "seconds": (?P<seconds>[^}]+)'}])
def test_seconds_that_are_not_used_may_be_wrong(run: Race, fields: dict[str, Any]) -> None:
    """A clock that is set back cost the program its looks, and the target."""
    code = """print('{"metric": 0.5, "seconds": 3.5}')
print('{"metric": 0.75, "seconds": -3600}')
print('{"metric": 0.8, "seconds": "soon"}')"""
    record = run(code, **fields)
    assert [look.metric for look in record.looks] == [0.5, 0.75, 0.8]
    assert record.told_seconds
    assert record.stopped is None


def test_reports_stop_the_clock_while_the_metric_is_computed(run: Race, tmp_path: Path) -> None:
    marks = tmp_path / "marks"  # moments around each report, and within its metric
    code = f"""{REPORT}
def metric():
    mark()
    time.sleep(0.1)
    mark()
    return n / 10
def mark():
    with open({str(marks)!r}, "a") as file:
        print(time.monotonic(), file=file)
for n in 1, 2:
    time.sleep(0.05)
    mark()
    report(metric, examples=64 * n)
    mark()
"""
    record = run(code)
    assert [(look.step, look.examples, look.metric) for look in record.looks] == [(1, 64, 0.1), (2, 128, 0.2)]
    before, begin, end, after, before_2, begin_2, end_2, after_2 = map(float, marks.read_text().split())
    first, second = record.looks
    assert before_2 - after <= second.seconds - first.seconds <= begin_2 - end
    assert end - begin + end_2 - begin_2 <= record.phases["evaluate"] <= after - before + after_2 - before_2
    assert record.phases["run"] == record.seconds


def test_what_was_seen_before_a_crash_is_kept(run: Race) -> None:
    record = run("print('acc=0.5')\nraise ValueError('too bad')", metric=NUMBER)
    assert [look.metric for look in record.looks] == [0.5]
    assert record.stopped == "it exited with status 1"
    assert record.output is not None
    assert {"acc=0.5", "ValueError: too bad"} <= set(record.output.split("\n"))  # both streams


def test_a_signal_is_told_by_its_name(run: Race) -> None:
    record = run(f"import os\nos.kill(os.getpid(), {int(signal.SIGSEGV)})")
    assert record.stopped == "it was ended by SIGSEGV"


@pytest.mark.parametrize(
    ("code", "metric", "says"),
    [
        ("print('loss=1')", NUMBER, f"no line of its output, standard error included, matches '{NUMBER}'"),
        ("print('acc=1.2.3')", NUMBER, "the pattern found the metric '1.2.3', which is not a number"),
        ("", None, 'no JSON line with a "metric", on standard error neither, and did not call sooner.report'),
    ],
)
def test_an_end_without_a_metric_is_told(run: Race, code: str, metric: str | None, says: str) -> None:
    record = run(code, metric=metric)
    assert record.stopped == f"it ended without a metric: {says}" or (record.stopped or "").endswith(says)
    assert record.looks == []


def test_a_program_that_gives_up_because_it_diverged_is_no_crash(run: Race) -> None:
    record = run("print('{\"metric\": 0.9}')\nprint('{\"metric\": NaN}', flush=True)\nraise SystemExit(3)")
    assert record.stopped == "its last metric was nan, and it exited with status 3"
    assert not record.failed


def test_redraws_of_a_progress_bar_are_read_and_the_same_metric_drawn_again_is_no_evaluation(run: Race) -> None:
    code = """
import sys
for share, metric in (10, 0.5), (20, 0.5), (30, 0.75), (100, 0.75):
    sys.stdout.write(f"\\r{share}% \\x1b[32macc\\x1b[0m={metric}")
    sys.stdout.flush()
sys.stdout.write("\\nacc=0.75\\n")
"""
    record = run(code, metric=NUMBER)
    assert (record.stopped, [look.metric for look in record.looks]) == (None, [0.5, 0.75, 0.75])


def test_standard_error_is_read_where_standard_output_has_no_metric(run: Race) -> None:
    code = "import sys\nfor n in 1, 2: print(f'acc=0.{n}', file=sys.stderr, flush=True)"
    seen: list[float] = []
    record = run(code, metric=NUMBER, on_look=lambda look: seen.append(look.metric))
    assert record.stopped is None
    assert [look.metric for look in record.looks] == seen == [0.1, 0.2]
    assert [look.metric for look in run(code + "\nprint('acc=0.9')", metric=NUMBER).looks] == [0.9]
    json_line = "import sys\nprint('{\"metric\": 0.5}', file=sys.stderr)"
    assert [look.metric for look in run(json_line).looks] == [0.5]
    reported = f"import sooner\n{json_line}\nsooner.report(0.75)"
    assert [look.metric for look in run(reported).looks] == [0.75]


def test_full_pipes_on_both_streams_stop_no_program(run: Race) -> None:
    code = """
import os
for _ in range(40):
    os.write(2, b"e" * 2**16)
    os.write(1, b"o" * 2**16)
print("\\nacc=1")
"""
    record = run(code, metric=NUMBER, timeout=60.0)
    assert (record.stopped, [look.metric for look in record.looks]) == (None, [1.0])


def test_a_percentage_for_a_target_that_is_a_share_ends_the_run_at_its_first_look(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    for stream in "stdout", "stderr":
        entry = program(
            f"import sys, time\nprint('acc=91.3', file=sys.{stream}, flush=True)\ntime.sleep(99)", metric=NUMBER
        )
        lane = PlannedLane("mine", "baseline", entry)
        record = ProgramRuns([entry], target=0.93).run(lane, 7, saved=tmp_path / "saved")
        assert "its metric 91.3 against the target 0.93 looks like a percentage" in (record.stopped or "")
        assert "race to the target 93, or give the metric as 0.913" in (record.stopped or "")
        assert record.looks == []
        assert record.seconds < 90


def test_a_metric_that_became_nan_breaks_the_run_off(run: Race, tmp_path: Path) -> None:
    record = run("print('{\"metric\": 0.9}')\nprint('{\"metric\": NaN}')")
    assert record.stopped == "its last metric was nan"
    assert [look.metric for look in record.looks] == [0.9]
    store = Store(tmp_path / "race", create=True)
    store.add(record)
    assert store.records() == [record]
    store.close()


LISTENING = ("racing.programs.execution", "racing.programs.reports", "racing.programs.runs")


def test_silence_is_ended(run: Race, hand: Hand) -> None:
    hand.moves(*LISTENING)
    code = "import time\nprint('acc=0.5')\ntime.sleep(600)"
    record = run(code, metric=NUMBER, timeout=30.0, on_look=lambda look: hand.sleep(31.0))
    assert record.stopped == "it was silent for 30 s (--timeout)"
    assert [look.metric for look in record.looks] == [0.5]


def test_a_program_that_keeps_talking_is_not_silent(
    run: Race, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.moves(*LISTENING)
    heard: list[str] = []

    class Heard(Tail):
        """Lets 20 s pass after each line, and the program write the next."""

        def add(self, line: Line, stream: int = 1) -> None:
            super().add(line, stream)
            hand.sleep(20.0)
            heard.append(line.text)
            (tmp_path / f"heard-{len(heard)}").touch()

    monkeypatch.setattr("sooner.racing.programs.execution.Tail", Heard)
    code = f"""
import sys, time
from pathlib import Path
for n in range(1, 9):
    print('.', file=sys.stderr)
    while not Path({str(tmp_path)!r}, f"heard-{{n}}").exists():
        time.sleep(0.01)
print('acc=1')
"""
    assert run(code, metric=NUMBER, timeout=30.0).stopped is None
    assert heard == ["."] * 8 + ["acc=1"]


def test_garbage_in_any_amount_is_a_run_without_a_metric(run: Race, tmp_path: Path) -> None:
    code = "import os\nfor _ in range(200):\n    os.write(1, os.urandom(65536))\n    os.write(2, b'x' * 65536)"
    before = psutil.Process().memory_info().rss
    record = run(code)
    assert psutil.Process().memory_info().rss - before < 2**25
    assert record.stopped is not None
    assert record.looks == []
    assert len(record.output or "") <= 4096
    store = Store(tmp_path / "race", create=True)
    store.add(record)
    assert store.records() == [record]
    store.close()


def test_a_pattern_that_matches_everything_ends_the_run(run: Race) -> None:
    record = run("while True: print('acc=1')", metric=NUMBER)
    assert "more than 10,000 metrics" in (record.stopped or "")


def test_a_program_that_asks_gets_no_answer(run: Race) -> None:
    assert "EOFError" in (run("input('sure? ')").output or "")


def test_a_program_that_is_not_there() -> None:
    entry = Program("mine", "no-such-program-here {seed}")
    with pytest.raises(RecipeError, match="not on PATH"):
        ProgramRuns([entry])
    record = ProgramRuns().run(PlannedLane("mine", "baseline", entry), 0, saved=Path("saved"))
    assert "could not be started" in (record.stopped or "")


# It starts a child, and a daemon: in a session of its own, its parent gone. Both ignore the request to end.
FAMILY = """
import os, signal, subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
stubborn += "print('ready', flush=True); time.sleep(99)"
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
child.stdout.readline()
if os.fork() == 0:
    os.setsid()
    daemon = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    daemon.stdout.readline()
    print(f"acc={daemon.pid}", flush=True)
    os._exit(0)
os.wait()
print(f"acc={child.pid}", flush=True)
print(f"acc={os.getpid()}", flush=True)
"""


def test_all_processes_are_ended_when_the_race_is_stopped(run: Race) -> None:
    pids: list[int] = []

    def stop(save: Callable[[], None]) -> None:
        save()
        if len(pids) == 3:
            assert all(psutil.pid_exists(pid) for pid in pids)
            raise Stopped

    with pytest.raises(Stopped):
        run(FAMILY + "time.sleep(99)", metric=NUMBER, on_look=lambda look: pids.append(int(look.metric)), on_step=stop)
    assert len(pids) == 3
    assert not any(_runs(pid) for pid in pids)


def test_what_a_program_leaves_behind_is_ended_with_it(run: Race) -> None:
    record = run(FAMILY.replace("SIG_IGN", "SIG_DFL"), metric=NUMBER)
    assert record.stopped is None
    assert len(record.looks) == 3
    assert record.seconds < 90  # they would have slept for 99
    assert not any(_runs(int(look.metric)) for look in record.looks)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_on_step_is_asked_while_a_program_is_silent(run: Race, tmp_path: Path) -> None:
    asked: list[None] = []

    def ask(save: Callable[[], None]) -> None:
        asked.append(None)
        if len(asked) == 5:
            (tmp_path / "enough").touch()

    wait = f"import time\nfrom pathlib import Path\nwhile not Path({str(tmp_path / 'enough')!r}).exists(): "
    record = run(wait + "time.sleep(0.01)\nprint('acc=1')", metric=NUMBER, timeout=60.0, on_step=ask)
    assert record.stopped is None
    assert len(asked) >= 5


def test_only_the_first_process_reports(run: Race) -> None:
    code = (
        REPORT
        + """
import os, subprocess
if "RANK" not in os.environ:
    for rank in "0", "1":
        subprocess.run([sys.executable, __file__, "0"], env={**os.environ, "RANK": rank}, check=True)
else:
    report(float(os.environ["RANK"]))
"""
    )
    assert [look.metric for look in run(code).looks] == [0.0]


def test_threads_are_passed_on(program: Callable[..., Program], tmp_path: Path) -> None:
    entry = program("import os\nprint('acc=' + os.environ['OMP_NUM_THREADS'])", metric=NUMBER)
    record = ProgramRuns([entry], threads=3).run(PlannedLane("mine", "lane", entry), 0, saved=tmp_path / "saved")
    assert [look.metric for look in record.looks] == [3.0]


def test_the_surroundings_tell_of_a_changed_script(program: Callable[..., Program]) -> None:
    first = ProgramRuns([program("print(1)")]).environment()
    assert first == ProgramRuns([program("print(1)")]).environment()
    assert first != ProgramRuns([program("print(2)")]).environment()
    assert first["folder"] == os.getcwd()
