"""The plan of a race: everything that decides its outcome but the machine, fixed before the first run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sooner._text import visible
from sooner._types import require_types
from sooner._words import number_of
from sooner.errors import RecipeError, StoreError
from sooner.racing.plan.controls import Cost, spend, with_controls
from sooner.racing.plan.ladder import ladder
from sooner.racing.plan.lanes import Entry, PlannedLane, PlannedRun, ReadEntry
from sooner.racing.plan.ordering import balanced_orders
from sooner.racing.plan.rates import grids
from sooner.racing.plan.rules import Rules
from sooner.recipes import Recipe
from sooner.statistics.family import fewest_pairs, share
from sooner.tasks import Data, Task
from sooner.tasks.split import split, validation_share

_LOOKS = 20  # evaluations of the lane with the smallest budget
_FEWEST_LOOKS = 8
_USUAL_MOST = 24  # pairs of a race until decided
_MOST_THREADS = 4096
MAX_PAIRS = 10_000  # every run is planned before the first: far beyond it the plan alone takes all memory


@dataclass(frozen=True)
class Plan:
    """A race that can be run, resumed and reported.

    Attributes:
        task: what is raced for; its data options included.
        lanes: baseline first, controls last.
        target: of the validation metric.
        pairs: seeds, each run by every lane; the most of them where the race may end earlier.
        seed: of the first pair; pair k has seed + k.
        every: examples between evaluations, the same in all lanes; 0 where the lanes decide.
        device: as torch writes it.
        threads: of the CPU.
        workers: processes that read data kept on disk.
        validation: share of the training data that the metric is measured on, in (0, 1).
        rules: what is asked, and when the race is over.
        rungs: budgets of the fitted protocol, the smallest first.
        environment: what must be the same when the race is resumed: versions, machine, data.
        looked: the numbers of pairs at which it had been seen when more were added, ascending.
        rates: of a race that is tuned, by lane, the learning rate that its trials chose, once they have.
        family: lanes that share the 5% of false verdicts; 1 in plans up to version 0.2, in which each has its own.
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
    validation: float = 0.1  # as in all plans up to version 0.2, which do not say it
    rules: Rules = field(default_factory=Rules)
    rungs: tuple[str, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    looked: tuple[int, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    family: int = 1

    @property
    def alpha(self) -> float:
        """The level of each comparison, over all looks at it."""
        return share(self.family)

    @property
    def runs(self) -> list[PlannedRun]:
        """All runs of a race of fixed pairs, in the order in which they take place."""
        orders = balanced_orders(len(self.lanes), self.pairs, self.seed)
        return [PlannedRun(self.lanes[place], self.seed + pair) for pair, order in enumerate(orders) for place in order]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the store."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["task"] = {**asdict(self.task), "lanes": list(self.task.lanes)}
        fields["rules"] = asdict(self.rules)
        fields["rungs"] = list(self.rungs)
        fields["looked"] = list(self.looked)
        fields["lanes"] = [lane.to_dict() for lane in self.lanes]
        return fields

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], read: ReadEntry) -> Plan:
        """Read what `to_dict` gave; `read` makes a lane's entry from its kind and its fields."""
        lanes = tuple(PlannedLane.from_dict(lane, read) for lane in fields["lanes"])
        rungs, rules = tuple(fields.get("rungs", ())), Rules(**fields.get("rules", {}))
        looked = tuple(fields.get("looked", ()))
        fields = {name: value for name, value in fields.items() if name != "protocol"}  # of plans of version 0.1
        task = Task(**fields["task"])
        task = replace(task, name=visible(task.name), metric=visible(task.metric), lanes=tuple(task.lanes))
        plan = cls(**{**fields, "task": task, "lanes": lanes, "rungs": rungs, "rules": rules, "looked": looked})
        require_types(plan)
        least = {"pairs": 1, "seed": 0, "every": 0, "threads": 1, "workers": 0, "family": 1}
        most = {"pairs": MAX_PAIRS, "seed": 2**32, "every": 2**63, "threads": _MOST_THREADS, "workers": _MOST_THREADS}
        most["family"] = max(1, len(lanes))
        for name in least:
            if not least[name] <= getattr(plan, name) <= most[name]:
                raise ValueError(f"{name} must be {least[name]} to {most[name]}, not {getattr(plan, name)}")
        if not lanes or not 0 < plan.validation < 1:
            raise ValueError("a race has a lane at least, and a share of the data to validate on")
        if len({lane.kind for lane in lanes}) > 1:
            raise ValueError("a race is of lanes of one kind")
        return plan


def make_plan(
    task: Task,
    data: Data,
    baseline: Recipe,
    recipes: list[Recipe],
    *,
    pairs: int | None,
    seed: int,
    device: str,
    threads: int,
    workers: int = 2,
    rules: Rules | None = None,
    environment: Mapping[str, Any] | None = None,
    cost: Cost | None = None,
) -> Plan:
    """Add the controls, the evaluation grid and the ladder to `recipes`; `cost` is that of `with_controls`.

    Without `pairs` there are as many as can decide, and of a race until decided at most 24.

    Raises RecipeError where two lanes share a name, or a number makes no sense.
    """
    rules = rules or Rules()
    if any(recipe.name == "baseline" and recipe != baseline for recipe in recipes):
        raise RecipeError("baseline is the name of the task's own recipe, which every race has; name yours otherwise")
    share = validation_share(len(data.train))
    train, validation = split(data.train.targets, share, seed, data.classes)
    fitted = rules.protocol == "fitted"
    lanes = tuple(with_controls(recipes, baseline, len(train), fitted=fitted, cost=cost))
    if fitted:  # a run counts by its end alone; the looks before it show how it came there
        every = max((spend(baseline, len(train)) or len(train)) // _FEWEST_LOOKS, baseline.batch_size)
    else:
        every = evaluation_grid([lane.recipe for lane in lanes], len(train), len(validation))
    return _checked(
        Plan(
            task=task,
            lanes=lanes,
            target=task.target,
            pairs=_usual_pairs(lanes, rules) if pairs is None else pairs,
            seed=seed,
            every=every,
            device=device,
            threads=threads,
            workers=workers,
            validation=share,
            rules=rules,
            rungs=ladder(baseline.budget) if fitted else (),
            environment=environment or {},
        )
    )


def plan_entries(
    task: Task,
    entries: Sequence[Entry],
    *,
    pairs: int | None,
    seed: int,
    threads: int,
    rules: Rules | None = None,
    environment: Mapping[str, Any] | None = None,
) -> Plan:
    """A race of programs or functions, of which the first is the baseline.

    What they do is theirs, so no control can be added; under the fitted protocol the baseline is its own. `pairs` as of
    `make_plan`.

    Raises RecipeError where two lanes share a name, a number makes no sense, or a lane has no budget to fit.
    """
    rules = rules or Rules()
    lanes = tuple(
        PlannedLane(entry.name, "lane" if place else "baseline", entry) for place, entry in enumerate(entries)
    )
    if not lanes:
        raise RecipeError("a race needs one lane at least; none was given")
    rungs: tuple[str, ...] = ()
    if rules.protocol == "fitted":
        without = [lane.name for lane in lanes if lane.entry.budget is None]
        if without:
            raise RecipeError(
                f"the fitted protocol gives each run a budget, which {', '.join(without)} cannot take: put {{budget}} "
                "where a program takes it, and say with --budget how much the longest run may spend"
            )
        try:
            rungs = ladder(lanes[0].entry.budget or "")
        except ValueError as error:
            raise RecipeError(str(error)) from None
    return _checked(
        Plan(
            task=task,
            lanes=lanes,
            target=task.target,
            pairs=_usual_pairs(lanes, rules) if pairs is None else pairs,
            seed=seed,
            every=0,
            device="cpu",
            threads=threads,
            workers=0,
            rules=rules,
            rungs=rungs,
            environment=environment or {},
        )
    )


def _family(lanes: Sequence[PlannedLane]) -> int:
    """Lanes under test, one at least."""
    return max(1, sum(lane.role == "lane" for lane in lanes))


def _usual_pairs(lanes: Sequence[PlannedLane], rules: Rules) -> int:
    fewest = fewest_pairs(_family(lanes))
    return max(fewest, _USUAL_MOST) if rules.until == "decided" else fewest


def _checked(plan: Plan) -> Plan:
    plan = replace(plan, family=_family(plan.lanes))
    fewest = fewest_pairs(plan.family)
    if plan.pairs < 1:
        raise RecipeError(f"pairs must be at least 1, not {plan.pairs}; a verdict needs {fewest}")
    if plan.pairs > MAX_PAIRS:
        raise RecipeError(f"pairs must be at most {MAX_PAIRS:,}, not {plan.pairs:,}; give as many as there is time for")
    if plan.rules.until == "decided" and plan.pairs < fewest:
        lanes = number_of(plan.family, "lane")
        raise RecipeError(
            f"--max-pairs must be at least {fewest} for {lanes}, not {plan.pairs}: fewer pairs decide nothing"
        )
    names = [lane.name for lane in plan.lanes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecipeError(
            f"two lanes are named {', '.join(twice)}; give each a name of its own, other than a control's"
        )
    if plan.rules.tune:
        grids(plan.lanes, plan.rules.tune_rates)  # refuses what has no rate
    return plan


def evaluation_grid(recipes: list[Recipe], train: int, validation: int) -> int:
    """Examples between evaluations: 20 looks at the lane with the smallest budget, if looking stays cheap.

    A look costs about a third of a training step per example, so at least 4/3 of the validation set is trained on
    between two of them (at most a quarter of the time), as long as the shortest lane gets its 8 looks. Never
    finer than the largest batch, or lanes with smaller batches would be looked at more often.
    """
    spends = [examples for recipe in recipes if (examples := spend(recipe, train)) is not None]
    shortest = min(spends, default=train)
    usual = max(shortest / _LOOKS, validation * 4 / 3)
    return max(int(min(usual, shortest / _FEWEST_LOOKS)), *(recipe.batch_size for recipe in recipes))


def mismatch(planned: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What differs between the environment a race began in and the current one, a line per difference."""
    lines = []
    for key in sorted({*planned, *current}):
        if planned.get(key) != current.get(key):
            lines.append(f"{key}: began with {planned.get(key)}, now {current.get(key)}")
    return lines


def refuse_mismatch(plan: Plan, current: Mapping[str, Any], *, code: str | None = None, mended: bool = False) -> None:
    """Raises StoreError where a race cannot be continued here without mixing unlike runs.

    `code` names the part of the environment that is the user's own code, which may differ if it was `mended`.
    """
    planned, now = (
        {key: value for key, value in given.items() if not (mended and key == code)}
        for given in (plan.environment, current)
    )
    lines = mismatch(planned, now)
    if lines:
        retry = (
            "; if it was mended because runs failed: --retry failed"
            if any(line.startswith(f"{code}: ") for line in lines)
            else ""
        )
        raise StoreError(
            "this race cannot go on here, because its runs would no longer be alike:\n  "
            + "\n  ".join(lines)
            + f"\nresume it where it began, or start a new race{retry}"
        )
