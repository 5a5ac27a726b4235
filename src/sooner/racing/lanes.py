"""What races: a lane, what it runs, and the cells of a race, one run each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol, Self

from sooner.racing.results import Role
from sooner.recipes import Recipe


class Entry(Protocol):
    """What a lane runs: a recipe, a program or a Python function. Frozen; equal entries train alike.

    Attributes:
        name: of the lane.
        summary: one line about it.
        budget: what a run may spend: "10ep" and the like for a recipe, a number for what takes the place of `{budget}`
            in a program, None where it has no budget that the race could set.
    """

    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def budget(self) -> str | None: ...

    def at(self, budget: str) -> Self:
        """The same with its schedule fitted to another budget. Raises RecipeError where it cannot be."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data; `from_dict` of this module reads it."""
        ...


@dataclass(frozen=True)
class PlannedLane:
    """An entry that will run, and why: `added_for` names the lanes that a control is there for."""

    name: str
    role: Role
    entry: Entry
    added_for: tuple[str, ...] = ()

    @property
    def recipe(self) -> Recipe:
        """The entry of a race of recipes. Raises TypeError for programs and functions."""
        if not isinstance(self.entry, Recipe):
            raise TypeError(f"lane {self.name} runs {type(self.entry).__name__}, not a recipe")
        return self.entry

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the store."""
        return {
            "name": self.name,
            "role": self.role,
            "kind": type(self.entry).__name__.lower(),
            "recipe": self.entry.to_dict(),
            "added_for": list(self.added_for),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> PlannedLane:
        """Read what `to_dict` gave."""
        entry = _entry(fields.get("kind", "recipe"), fields["recipe"])
        return cls(fields["name"], fields["role"], entry, tuple(fields["added_for"]))


def _entry(kind: str, fields: Mapping[str, Any]) -> Entry:
    if kind == "program":
        from sooner.racing.programs import Program

        return Program.from_dict(fields)
    if kind == "function":
        from sooner.racing.functions import Function

        return Function.from_dict(fields)
    return Recipe.from_dict(_of_today(fields))


def _of_today(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a recipe that an older version stored."""
    if "label_smoothing" not in fields:
        return fields
    loss = {"name": "cross-entropy", "label_smoothing": fields["label_smoothing"]}
    return {**{key: value for key, value in fields.items() if key != "label_smoothing"}, "loss": loss}


@dataclass(frozen=True)
class Cell:
    """One run that is to be made: a lane with a seed."""

    lane: PlannedLane
    seed: int

    @property
    def saved(self) -> str:
        """The name of the file that holds the run's state while it is under way."""
        return saved_name(self.lane.name, self.seed)


def saved_name(lane: str, seed: int) -> str:
    """The file's name by the names of the run: a lane's may hold what no file's name can."""
    return f"run-{sha256(lane.encode()).hexdigest()[:12]}-{seed}.safetensors"
