"""The plan of a race: everything that decides its outcome but the machine, fixed before the first run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sooner.errors import RecipeError, StoreError
from sooner.racing.controls import PlannedLane, spend, with_controls
from sooner.racing.ordering import balanced_orders
from sooner.recipes import Recipe
from sooner.tasks import Data, Task
from sooner.tasks.split import split

VALIDATION = 0.1  # share of the training data
_LOOKS = 20  # evaluations of the lane with the smallest budget
_FEWEST_LOOKS = 8


@dataclass(frozen=True)
class Plan:
    """A race that can be run, resumed and reported.

    Attributes:
        task: what is raced for; its data options included.
        lanes: baseline first, controls last.
        target: of the validation metric.
        pairs: seeds, each run by every lane.
        seed: of the first pair; pair k has seed + k.
        every: examples between evaluations, the same in all lanes.
        device: as torch writes it.
        threads: of the CPU.
        workers: processes that read data kept on disk.
        environment: what must be the same when the race is resumed: versions, machine, data.
    """

    task: Task
    lanes: tuple[PlannedLane, ...]
    target: float
    pairs: int
    seed: int
    every: int
    device: str
    threads: int
    workers: int = 2
    protocol: str = "first-hit"
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runs(self) -> list[tuple[PlannedLane, int]]:
        """All runs as (lane, seed), in the order in which they take place."""
        orders = balanced_orders(len(self.lanes), self.pairs, self.seed)
        return [(self.lanes[position], self.seed + pair) for pair, order in enumerate(orders) for position in order]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the store."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["task"] = {**asdict(self.task)}
        fields["lanes"] = [
            {"name": lane.name, "role": lane.role, "recipe": lane.recipe.to_dict(), "added_for": list(lane.added_for)}
            for lane in self.lanes
        ]
        return fields

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Plan:
        """Read what `to_dict` gave."""
        lanes = tuple(
            PlannedLane(lane["name"], lane["role"], Recipe.from_dict(lane["recipe"]), tuple(lane["added_for"]))
            for lane in fields["lanes"]
        )
        return cls(**{**fields, "task": Task(**fields["task"]), "lanes": lanes})


def make_plan(
    task: Task,
    data: Data,
    baseline: Recipe,
    recipes: list[Recipe],
    *,
    pairs: int,
    seed: int,
    device: str,
    threads: int,
    workers: int = 2,
    environment: Mapping[str, Any] | None = None,
) -> Plan:
    """Add the controls and the evaluation grid to `recipes`. Raises RecipeError where two lanes share a name."""
    if pairs < 1:
        raise RecipeError(f"pairs must be at least 1, not {pairs}; a verdict needs 6")
    if any(recipe.name == "baseline" and recipe != baseline for recipe in recipes):
        raise RecipeError("baseline is the name of the task's own recipe, which every race has; name yours otherwise")
    train, validation = split(data.train.targets, VALIDATION, seed, data.classes)
    lanes = with_controls(recipes, baseline, len(train))
    names = [lane.name for lane in lanes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecipeError(
            f"two lanes are named {', '.join(twice)}; give each recipe a `name` of its own, other than a control's"
        )
    every = evaluation_grid([lane.recipe for lane in lanes], len(train), len(validation))
    return Plan(
        task, tuple(lanes), task.target, pairs, seed, every, device, threads, workers, environment=environment or {}
    )


def evaluation_grid(recipes: list[Recipe], train: int, validation: int) -> int:
    """Examples between evaluations: 20 looks at the lane with the smallest budget, if looking stays cheap.

    A look costs about a third of a training step per example, so at least 4/3 of the validation set is trained on
    between two of them (a quarter of the time at the most), as long as the shortest lane gets its 8 looks. Never
    finer than the largest batch, or lanes with smaller batches would be looked at more often.
    """
    spends = [examples for recipe in recipes if (examples := spend(recipe, train)) is not None]
    shortest = min(spends, default=train)
    wanted = max(shortest / _LOOKS, validation * 4 / 3)
    return max(int(min(wanted, shortest / _FEWEST_LOOKS)), *(recipe.batch_size for recipe in recipes))


def mismatch(planned: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What differs between the surroundings a race began in and those it would go on in, a line each."""
    lines = []
    for key in sorted({*planned, *found}):
        if planned.get(key) != found.get(key):
            lines.append(f"{key}: began with {planned.get(key)}, now {found.get(key)}")
    return lines


def refuse_mismatch(plan: Plan, found: Mapping[str, Any]) -> None:
    """Raises StoreError where a race cannot be continued here without mixing unlike runs."""
    lines = mismatch(plan.environment, found)
    if lines:
        raise StoreError(
            "this race cannot go on here, because its runs would no longer be alike:\n  "
            + "\n  ".join(lines)
            + "\nresume it where it began, or start a new race"
        )
