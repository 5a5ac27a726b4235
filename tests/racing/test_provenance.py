"""Which code runs were made with, by environments made by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sooner.racing import provenance
from sooner.racing.plan.plan import Plan, plan_entries
from sooner.racing.programs import Program
from sooner.racing.runs import has_own_code
from sooner.racing.store import Store
from sooner.results.notices import REPOSITORY, MixedCode, RunsRetried
from sooner.tasks import Task
from tests.racing.made import plan, recipe, record

BOTH = ("python a.py {seed}", "python b.py common.py {seed}", "python a.py common.py {seed} --more")


def programs(**files: str) -> Plan:
    entries = [Program(name, command) for name, command in zip(("baseline", "b", "c"), BOTH, strict=True)]
    task = Task(name="programs", data="", target=0.5, recipe={})
    return plan_entries(task, entries, pairs=2, seed=0, threads=1, environment={"files": files})


def environment(repository: str | None = None, **files: str) -> dict[str, Any]:
    return {
        "environment": {"files": {f"{name}.py": digest for name, digest in files.items()}},
        "repository": repository,
    }


def kept(folder: Path, environments: list[dict[str, Any]], made: dict[str, list[int]]) -> Store:
    """A store with the runs of each lane in these environments, seed by seed."""
    store = Store(folder, create=True)
    store.put(provenance.ENVIRONMENTS, environments)
    for lane, places in made.items():
        for seed, place in enumerate(places):
            store.add(record(lane, seed, 1.0, environment=place))
    return store


def test_a_lane_of_two_versions_is_told(tmp_path: Path) -> None:
    environments = [environment(a="1", b="1", common="1"), environment(a="2", b="1", common="1")]
    store = kept(tmp_path, environments, {"baseline": [0, 0], "b": [0, 1], "c": [0, 1]})
    # Lane b does not run a.py; of lane c one of two runs was made with the new one.
    assert provenance.notices(programs(), store) == [MixedCode("c", 1, 2, ("a.py",))]
    store.close()


def test_lanes_of_one_file_in_two_versions_are_told_though_each_is_of_one(tmp_path: Path) -> None:
    environments = [environment(a="1", b="1", common="1"), environment(a="2", b="2", common="1")]
    store = kept(tmp_path, environments, {"baseline": [0, 0, 0], "b": [1, 1], "c": [1, 1]})
    # All runs of b have one b.py, which no other lane has; those of c another a.py than the baseline's.
    assert provenance.notices(programs(), store) == [MixedCode("c", 2, 2, ("a.py",))]
    store.close()


def test_the_repository_counts_where_no_file_that_is_named_differs(tmp_path: Path) -> None:
    environments = [environment("1", a="1"), environment("2", a="1"), environment("3", a="2"), environment(a="1")]
    store = kept(tmp_path, environments, {"baseline": [0, 0, 0, 0, 0, 1, 2, 3]})
    assert provenance.notices(programs(), store) == [
        MixedCode("baseline", 1, 8, (REPOSITORY,)),
        MixedCode("baseline", 1, 8, ("a.py",)),
    ]
    store.close()


def test_attempts_are_told_with_their_last_words_and_what_changed(tmp_path: Path) -> None:
    environments = [environment(a="1"), environment(a="2"), environment(a="3")]
    store = kept(tmp_path, environments, {"b": [2]})
    failed = record("baseline", 0, 1.0, stopped="it exited with status 1", output="Traceback\nKeyError: 'x'\n\n")
    for attempt in (failed, replace(failed, output=None, environment=1), replace(failed, seed=9)):
        store.add(attempt)
        store.change({}, [attempt])
    store.add(record("baseline", 0, 1.0, environment=2))
    told = [notice for notice in provenance.notices(programs(), store) if isinstance(notice, RunsRetried)]
    words = "it exited with status 1: KeyError: 'x'"
    assert told == [
        RunsRetried("baseline", (0,), (words, "it exited with status 1"), ("a.py",), repeated=True),
        RunsRetried("baseline", (9,), (words,), (), repeated=False),
    ]
    store.close()


def test_a_race_of_an_older_version_has_the_environment_that_it_was_planned_in(tmp_path: Path) -> None:
    planned = programs(**{"a.py": "1"})
    store = Store(tmp_path, create=True)
    store.add(record("baseline", 0, 1.0))
    assert provenance.number(store, planned, {"files": {"a.py": "1"}}) in (0, 1)  # 1 where the state of git is known
    place = provenance.number(store, planned, {"files": {"a.py": "2"}})
    store.add(record("baseline", 1, 1.0, environment=place))
    assert provenance.number(store, planned, {"files": {"a.py": "2"}}) == place
    assert provenance.notices(planned, store) == [MixedCode("baseline", 1, 2, ("a.py",))]
    store.close()


def test_the_repository_is_asked_where_the_race_runs_code_of_the_users_own() -> None:
    recipes = plan("x")
    own = replace(recipes.lanes[1], entry=recipe("x", model="my_models:net"))
    assert has_own_code(programs())
    assert not has_own_code(recipes)
    assert has_own_code(replace(recipes, lanes=(recipes.lanes[0], own)))
