"""A run whose checkpoint is none is not begun, and what has finished stays."""

from pathlib import Path
from typing import Any

import pytest

from sooner.errors import StoreError
from sooner.racing import race as racing
from sooner.racing.plan.agenda import agenda
from sooner.tasks import Data
from sooner.training import checkpoint
from tests.racing.conftest import Silent, go
from tests.racing.test_race import MakeRace


@pytest.fixture
def halfway(make_race: MakeRace, digits: Data) -> tuple[Path, dict[str, Any], Path]:
    """A race whose only run was interrupted, its state, and where that is."""
    folder, plan = make_race(pairs=1, lanes=(), budget="12ba")
    steps = 0

    def stop() -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(folder, digits, Silent(stop), save_every=0)
    saved = folder / agenda(plan, racing.finished(folder))[0].saved
    return folder, checkpoint.load(saved), saved


SPOILED: list[tuple[str, Any]] = [
    ("started", 3),
    ("resumed", "x"),
    ("energy", []),
    ("loop", []),
    ("loop", {}),
    ("loop.phases", {"train": "x"}),
    ("loop.step", "x"),
    ("loop.looks", [{"seconds": "x"}]),
    ("loop.looks", [{"seconds": "x", "step": 0, "examples": 0, "metric": 0.0}]),
    ("loop.model", {}),
    ("loop.optimizer", None),
    ("loop.loader", {}),
    ("loop.random", {"cpu": 3}),
]


def test_a_checkpoint_that_makes_no_sense_is_refused_and_the_whole_one_goes_on(
    halfway: tuple[Path, dict[str, Any], Path], digits: Data
) -> None:
    folder, state, saved = halfway
    for path, value in SPOILED:
        loop = dict(state["loop"])
        broken = {**state, "loop": loop}
        owner, key = (loop, path.removeprefix("loop.")) if path.startswith("loop.") else (broken, path)
        owner[key] = value
        checkpoint.save(saved, broken)
        with pytest.raises(StoreError, match=r"is damaged, and this run cannot go on from it .*delete it to start"):
            go(folder, digits, Silent())
        assert racing.finished(folder) == []
    checkpoint.save(saved, state)
    go(folder, digits, Silent())
    (record,) = racing.finished(folder)
    assert (record.steps, record.resumed) == (12, 1)


def test_what_cannot_be_removed_is_in_nobodys_way(make_race: MakeRace, digits: Data) -> None:
    folder, plan = make_race(pairs=1, lanes=(), budget="3ba")
    (folder / "run-left.part").mkdir()
    go(folder, digits, Silent())
    (folder / plan.runs[0].saved).mkdir()
    go(folder, digits, Silent())
    assert racing.results(folder).complete
