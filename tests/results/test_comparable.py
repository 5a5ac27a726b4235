from dataclasses import replace
from pathlib import Path

import pytest

from sooner.results.comparable import differences
from sooner.results.records import Results
from tests.racing.made import plan
from tests.racing.raced import race


@pytest.fixture
def results(tmp_path: Path) -> Results:
    found = race(tmp_path / "r", plan("fast"), {"baseline": 10.0, "fast": 5.0})
    machine = {"cpu": "A", "cores": 4, "threads": 4, "memory_gib": 16.0, "system": "Linux"}
    versions = {"sooner": "1", "python": "3.11.2", "torch": "2.8", "lightning-fabric": "2.5", "numpy": "2.0"}
    return replace(found, machine=machine, versions=versions, data={"fingerprint": "f"})


def test_a_race_is_like_itself_and_what_does_not_matter_may_differ(results: Results) -> None:
    other = replace(
        results,
        machine={**results.machine, "memory_gib": 15.8, "system": "Linux 2"},
        versions={**results.versions, "python": "3.11.9", "numpy": "2.1"},
        price_per_hour=2.0,
        started="2027",
        lanes=results.lanes[:1],
    )
    assert differences([results, other]) == []


def test_everything_that_keeps_races_apart_is_told_at_once(results: Results) -> None:
    baseline = replace(results.lanes[0], recipe={**results.lanes[0].recipe, "budget": "1ep", "summary": "another"})
    other = replace(
        results,
        task="mnist",
        metric="f1",
        target=0.5,
        protocol="fitted",
        device="cuda:0",
        data={"fingerprint": "g"},
        machine={**results.machine, "cpu": "B", "threads": 2, "memory_gib": 8.0, "accelerator": "C"},
        versions={**results.versions, "torch": "2.9", "python": "3.12.1"},
        lanes=[baseline],
    )
    lines = [each.line(["a", "b", "c"]) for each in differences([results, results, other])]
    assert lines == [
        "task: digits in a, digits in b, mnist in c",
        "metric: accuracy in a, accuracy in b, f1 in c",
        "target: 0.9 in a, 0.9 in b, 0.5 in c",
        "protocol: first-hit in a, first-hit in b, fitted in c",
        "data: fingerprint: f in a, f in b, g in c",
        "device: cpu in a, cpu in b, cuda:0 in c",
        "machine: cpu: A in a, A in b, B in c",
        "machine: threads: 4 in a, 4 in b, 2 in c",
        "machine: memory_gib: 16.0 in a, 16.0 in b, 8.0 in c",
        "version: torch: 2.8 in a, 2.8 in b, 2.9 in c",
        "version: python: 3.11 in a, 3.11 in b, 3.12 in c",
        "baseline: budget: 12ep in a, 12ep in b, 1ep in c",
        "machine: accelerator: none in a, none in b, C in c",
    ]


def test_the_fitted_protocol_has_its_ladder_in_common(results: Results) -> None:
    one = replace(results, protocol="fitted", rungs=["1ep", "2ep"])
    other = replace(one, rungs=["1ep", "2ep", "4ep"], share=0.8)
    assert [each.fact for each in differences([one, other])] == ["share", "rungs"]
