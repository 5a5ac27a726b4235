import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rich

import sooner
from sooner.errors import RecipeError, RunFailedError, StoreError
from sooner.reporting.wording import verdict
from sooner.results.notices import SOURCE, MixedCode, RunsRetried, ScaleDoubted
from sooner.results.records import Results
from sooner.results.verdict import Finding
from tests.clock_by_hand import Hand

calls: list[tuple[str, int]] = []


take = time.sleep


def slow(seed: int) -> Iterator[tuple[int, float]]:
    calls.append(("slow", seed))
    for n in range(1, 6):
        take(0.006)
        yield 64 * n, n / 5


def quick(seed: int) -> None:
    calls.append(("quick", seed))
    for n in range(1, 6):
        take(0.001)
        sooner.report(n / 5, examples=64 * n)


def broken(seed: int) -> None:
    raise ValueError("too bad")


def test_it_tells_which_function_is_faster(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.moves("training.clock")
    monkeypatch.setattr(sys.modules[__name__], "take", hand.sleep)
    result = sooner.race({"slow": slow, "quick": quick, "broken": broken}, target=0.8, metric="score", keep_going=True)
    assert "[21/21]" in capsys.readouterr().out
    lanes = {lane.name: lane for lane in result.results.lanes}
    assert [(lane.role, len(lane.runs)) for lane in lanes.values()] == [("baseline", 7), ("lane", 7), ("lane", 7)]
    assert [run.seed for run in lanes["quick"].runs] == [0, 1, 2, 3, 4, 5, 6]
    assert all(run.hit and run.examples_to_target == 256 for name in ("slow", "quick") for run in lanes[name].runs)
    assert {run.stopped for run in lanes["broken"].runs} == {"ValueError: too bad"}
    against = next(c for c in result.results.comparisons if c.lane == "quick" and c.clock == "wall")
    assert against.finding is Finding.FASTER
    assert against.ratio == pytest.approx(6)
    assert "quick is faster than the baseline" in str(result)
    rich.print(result)
    assert "faster" in capsys.readouterr().out
    assert repr(result) == "<RaceResult of slow, quick, broken to score 0.8, 7 pairs>"
    assert Results.load(result.save(tmp_path / "results.json")) == result.results
    said = [each["verdict"] for each in json.loads((tmp_path / "results.json").read_text())["comparisons"]]
    assert said == [verdict(c) for c in result.results.comparisons]
    page = result.plot(tmp_path / "report.html")
    assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")


def test_a_folder_keeps_the_race_and_goes_on_with_it(tmp_path: Path) -> None:
    stop = [True]

    def stops(seed: int) -> Iterator[tuple[int, float]]:
        yield 1, 0.9
        if seed == 2 and stop:
            raise KeyboardInterrupt

    race: dict[str, Any] = {"target": 0.8, "pairs": 2, "seed": 1, "folder": tmp_path / "race", "progress": False}
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        sooner.race({"quick": quick, "stops": stops}, **race)
    stop.clear()
    result = sooner.race({"quick": quick, "stops": stops}, **race)
    assert result.results.complete
    assert sorted(calls) == [("quick", 1), ("quick", 2)]  # nothing was run twice
    assert sooner.race({"quick": quick, "stops": stops}, **race).results == result.results
    with pytest.raises(StoreError, match="holds another race"):
        sooner.race({"quick": quick, "stops": stops}, **{**race, "target": 0.7})
    with pytest.raises(StoreError, match="planned with 2 pairs, and cannot be made one of 1"):
        sooner.race({"quick": quick, "stops": stops}, **{**race, "pairs": 1})
    with pytest.raises(StoreError, match="functions: began with"):
        sooner.race({"quick": quick, "stops": _renamed(stops)}, **race)


def test_a_mended_function_is_raced_again_where_it_failed_and_the_results_say_so(tmp_path: Path) -> None:
    def fails(seed: int) -> Iterator[tuple[int, float]]:
        """As it was at first."""
        if seed == 1:
            raise ValueError("too bad")
        yield 1, 0.9

    race: dict[str, Any] = {"target": 0.8, "pairs": 2, "folder": tmp_path / "race", "progress": False}
    before = sooner.race({"quick": quick, "own": fails}, keep_going=True, **race).results
    assert [run.stopped for run in before.lanes[1].runs] == [None, "ValueError: too bad"]

    def mended(seed: int) -> Iterator[tuple[int, float]]:
        """As it is now."""
        yield 1, 0.95

    mended.__qualname__ = fails.__qualname__
    with pytest.raises(StoreError, match=r"functions: began with .*\n.*: --retry failed"):
        sooner.race({"quick": quick, "own": mended}, **race)
    calls.clear()
    found = sooner.race({"quick": quick, "own": mended}, retry="failed", **race).results
    assert calls == []
    assert [(run.final_metric, run.stopped, run.attempts) for run in found.lanes[1].runs] == [
        (0.9, None, 1),
        (0.95, None, 2),
    ]
    assert [notice for notice in found.notices if isinstance(notice, RunsRetried | MixedCode)] == [
        RunsRetried("own", (1,), ("ValueError: too bad",), (SOURCE,), repeated=True),
        MixedCode("own", 1, 2, (SOURCE,)),
    ]
    assert sooner.race({"quick": quick, "own": mended}, **race).results == found


def test_pairs_are_added_to_a_race_of_functions(tmp_path: Path) -> None:
    race: dict[str, Any] = {"target": 0.8, "folder": tmp_path / "race", "progress": False}
    first = sooner.race({"quick": quick, "too": quick}, pairs=6, **race).results
    calls.clear()
    found = sooner.race({"quick": quick, "too": quick}, pairs=7, **race).results
    assert calls == [("quick", 6), ("quick", 6)]
    assert (found.pairs, found.looked) == (7, [6])
    assert found.lanes[0].runs[:6] == first.lanes[0].runs


def test_a_function_that_raises_stops_the_race_and_what_had_ended_is_in_the_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def late(seed: int) -> Iterator[tuple[int, float]]:
        yield 1, 0.5
        if seed == 1:
            raise ValueError("too bad")

    functions = {"quick": quick, "late": late}
    calls.clear()
    with pytest.raises(RunFailedError, match=r"late with seed 1 failed: ValueError: too bad; the last") as caught:
        sooner.race(functions, target=0.8, pairs=3)
    assert "in late\n" in str(caught.value)  # the traceback
    assert {(lane.name, run.seed) for lane in caught.value.result.results.lanes for run in lane.runs} >= {
        ("late", 0), ("late", 1), ("quick", 0)
    }  # fmt: skip
    assert "late seed 1: ValueError: too bad" in capsys.readouterr().out
    race: dict[str, Any] = {"target": 0.8, "pairs": 3, "folder": tmp_path / "race", "progress": False}
    calls.clear()
    with pytest.raises(RunFailedError, match=r"kept in .*race: once it is mended, the same call with retry='failed'"):
        sooner.race(functions, **race)
    result = sooner.race(functions, **race)
    assert result.results.complete
    assert sorted(calls) == [("quick", 0), ("quick", 1), ("quick", 2)]  # nothing was run twice
    assert [run.stopped for run in result.results.lanes[1].runs] == [None, "ValueError: too bad", None]


def test_a_function_that_gives_percentages_for_a_share_stops_unless_it_is_believed() -> None:
    def percent(seed: int) -> None:
        for n in range(1, 4):
            with contextlib.suppress(Exception):  # as scripts do around what only reports
                sooner.report(30.0 * n)

    race: dict[str, Any] = {"target": 0.8, "pairs": 1, "progress": False}
    with pytest.raises(
        RunFailedError, match=r"metric 30 against the target 0\.8 .* target 80, or give the metric as 0\.3"
    ):
        sooner.race({"percent": percent}, **race)
    results = sooner.race({"percent": percent}, **race, keep_going=True).results
    assert results.lanes[0].runs[0].hit
    assert ScaleDoubted("percent", 30.0, 0.8) in results.notices
    found = sooner.race({"percent": percent}, **{**race, "target": 80.0}).results.notices
    assert not any(isinstance(notice, ScaleDoubted) for notice in found)


def _renamed(function: Any) -> Any:
    def other(seed: int) -> Iterator[tuple[int, float]]:
        yield from function(seed)

    other.__qualname__, other.__module__ = function.__qualname__, function.__module__
    return other


def test_a_budget_is_passed_on() -> None:
    def train(seed: int, budget: int) -> Iterator[tuple[int, float]]:
        yield budget, 1.0

    found = sooner.race({"a": train}, target=0.5, pairs=1, budget=320, progress=False).results
    assert [run.examples for run in found.lanes[0].runs] == [320]


@pytest.mark.parametrize(
    ("functions", "fields", "says"),
    [
        ([slow], {}, "needs its functions by name"),
        ({}, {}, "needs one lane at least"),
        ({"a": slow}, {"pairs": 0}, "pairs must be at least 1"),
        ({"a": slow}, {"target": float("nan")}, "the target must be a finite number"),
        ({"a": slow}, {"budget": 5}, r"calls it as train\(seed, budget\)"),
    ],
)
def test_what_makes_no_race_is_refused(functions: Any, fields: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=says):
        sooner.race(functions, **{"target": 0.8, "folder": tmp_path / "race", **fields})
    assert not (tmp_path / "race").exists()
