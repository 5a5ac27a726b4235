"""A digits race small enough to run in a test, and the pieces to run it by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sooner.racing import race as racing
from sooner.racing.engines.local import LocalEngine
from sooner.racing.machine import describe as machine
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.plan import Plan, make_plan
from sooner.racing.plan.rules import Rules
from sooner.racing.protocols import Watcher
from sooner.racing.recipes import runs as recipe_runs
from sooner.racing.recipes.runs import RecipeRuns
from sooner.racing.record import RunRecord
from sooner.recipes import Recipe, resolve
from sooner.tasks import Data, get_task, load_data
from sooner.training.evaluation import Evaluation


class Silent:
    """A watcher that does nothing but call `on_step` between steps."""

    def __init__(self, on_step: Callable[[], None] = lambda: None) -> None:
        self.stepped = on_step
        self.started: list[tuple[str, int]] = []

    def run_started(self, run: PlannedRun) -> None:
        self.started.append((run.lane.name, run.seed))

    def looked(self, look: Evaluation) -> None:
        pass

    def run_finished(self, record: RunRecord) -> None:
        pass


def go(folder: Path, data: Data, watcher: Watcher, *, save_every: float = 30.0, keep_going: bool = False) -> None:
    """Run what is missing of a race of recipes in this process."""
    runs = RecipeRuns(racing.load_plan(folder), data)
    racing.run(folder, LocalEngine(runs, save_every=save_every), watcher, keep_going=keep_going)


@pytest.fixture(scope="session")
def digits() -> Data:
    return load_data("digits")


@pytest.fixture
def make_race(digits: Data, tmp_path: Path) -> Callable[..., tuple[Path, Plan]]:
    """Write the plan of a small race into a new folder."""

    def make(
        name: str = "race",
        *,
        pairs: int = 2,
        lanes: tuple[str, ...] = ("rs2-30",),
        rules: Rules | None = None,
        **fields: Any,
    ) -> tuple[Path, Plan]:
        task = get_task("digits", target=0.9)
        base = dict(task.recipe) | {"model": "mlp", "budget": "3ep", "batch_size": 64, "precision": "float32"} | fields
        device = machine.pick_device("cpu")
        recipes: list[Recipe] = [resolve(lane, base) for lane in lanes]
        plan = make_plan(
            task,
            digits,
            resolve("baseline", base),
            recipes,
            pairs=pairs,
            seed=0,
            device="cpu",
            threads=1,
            rules=rules,
            environment=recipe_runs.environment(digits, device) | {"threads": 1},
        )
        racing.start(tmp_path / name, plan, recipe_runs.describe(digits, plan.validation))
        return tmp_path / name, plan

    return make
