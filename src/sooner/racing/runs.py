"""The kinds of lane: recipes, programs and Python functions. Nothing else in a race knows that there are three."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sooner.errors import StoreError
from sooner.racing.plan.agenda import at_most
from sooner.racing.plan.controls import spend
from sooner.racing.plan.lanes import Entry, PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.protocols import Runs
from sooner.recipes import Recipe
from sooner.results.notices import SOURCE
from sooner.tasks import Data
from sooner.tasks.split import split


@dataclass(frozen=True)
class Kind:
    """One kind of lane.

    Attributes:
        read: an entry of it from what its `to_dict` gave.
        runs: what makes its runs, by the plan and the data of a race, and the target that metrics must be on the scale
            of; data is None where lanes bring their own, the target where any metric is believed.
        code: what of an environment, as `Runs.environment` gives it, says which code of the user's own an entry runs:
            the digest of each file, or the like, by its name.
        code_in: where in the environment that is; None where it is nowhere.
        own: whether an entry runs code of the user's own.
    """

    read: Callable[[Mapping[str, Any]], Entry]
    runs: Callable[[Plan, Data | None, float | None], Runs]
    code: Callable[[Entry, Mapping[str, Any]], Mapping[str, str]] = lambda entry, environment: {}
    code_in: str | None = None
    own: Callable[[Entry], bool] = lambda entry: True


def read_entry(kind: str, fields: Mapping[str, Any]) -> Entry:
    """The entry of that kind that `PlannedLane.to_dict` stored. Raises ValueError for a kind that is not known."""
    if kind not in _KINDS:
        raise ValueError(f"a lane is a {', a '.join(_KINDS)}, not a {kind}")
    return _KINDS[kind].read(fields)


def make_runs(plan: Plan, data: Data | None, *, keep_going: bool = False) -> Runs:
    """What makes the runs of this race, whose lanes are all of one kind.

    A metric that is not on the target's scale ends its run, unless the race is to `keep_going`.
    """
    return _KINDS[plan.lanes[0].kind].runs(plan, data, None if keep_going else plan.target)


def code_of(lane: PlannedLane, environment: Mapping[str, Any]) -> Mapping[str, str]:
    """What the lane runs of the user's own: the digest of each file, or the like, by its name."""
    return _KINDS[lane.kind].code(lane.entry, environment)


def own_code(plan: Plan) -> str | None:
    """Where an environment of this race says which code of the user's own it runs; None where it is nowhere."""
    return _KINDS[plan.lanes[0].kind].code_in


def has_own_code(plan: Plan) -> bool:
    """Whether the race runs code of the user's own: programs, functions, or a model module:factory."""
    return any(_KINDS[lane.kind].own(lane.entry) for lane in plan.lanes)


def work(plan: Plan, data: Data | None) -> dict[str, float]:
    """How long each run of the race takes beside the others, by the name that it is stored under."""
    planned = at_most(plan)
    if data is None:
        return {run.lane.name: 1.0 for run in planned}
    train, _ = split(data.train.targets, plan.validation, plan.seed)
    examples = {run.lane.name: spend(run.lane.recipe, len(train)) for run in planned}
    known = [count for count in examples.values() if count is not None]
    usual = sum(known) / len(known) if known else 1.0  # what a budget in seconds comes to is not known
    return {name: usual if count is None else float(count) for name, count in examples.items()}


# Each imports what it needs when it is asked for: a race of programs loads nothing that trains.


def _read_recipe(fields: Mapping[str, Any]) -> Entry:
    if "label_smoothing" in fields:  # as version 0.1 stored it
        loss = {"name": "cross-entropy", "label_smoothing": fields["label_smoothing"]}
        fields = {**{key: value for key, value in fields.items() if key != "label_smoothing"}, "loss": loss}
    return Recipe.from_dict(fields)


def _read_program(fields: Mapping[str, Any]) -> Entry:
    from sooner.racing.programs import Program

    return Program.from_dict(fields)


def _read_function(fields: Mapping[str, Any]) -> Entry:
    from sooner.racing.functions import Function

    return Function.from_dict(fields)


def _recipe_runs(plan: Plan, data: Data | None, target: float | None) -> Runs:
    from sooner.racing.recipes.runs import RecipeRuns

    if data is None:
        raise StoreError("this race is of recipes, and the plan names no data for them")
    return RecipeRuns(plan, data)


def _program_runs(plan: Plan, data: Data | None, target: float | None) -> Runs:
    from sooner.racing.programs import Program, ProgramRuns

    programs = [lane.entry for lane in plan.lanes if isinstance(lane.entry, Program)]
    return ProgramRuns(programs, threads=plan.threads, target=target)


def _function_runs(plan: Plan, data: Data | None, target: float | None) -> Runs:
    raise StoreError(
        "this race is of Python functions, which only the script that has them can go on with: call sooner.race "
        "again with the same folder"
    )


def _files(entry: Entry, environment: Mapping[str, Any]) -> Mapping[str, str]:
    from sooner.racing.programs import Program

    assert isinstance(entry, Program)
    words = entry.arguments(0)
    return {name: digest for name, digest in environment.get("files", {}).items() if name in words}


def _source(entry: Entry, environment: Mapping[str, Any]) -> Mapping[str, str]:
    digest = environment.get("functions", {}).get(entry.name)
    return {SOURCE: digest} if digest else {}


_KINDS = {
    "recipe": Kind(_read_recipe, _recipe_runs, own=lambda entry: ":" in entry.model),
    "program": Kind(_read_program, _program_runs, _files, "files"),
    "function": Kind(_read_function, _function_runs, _source, "functions"),
}
