"""What races: lanes, what each runs, and the single runs that are planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol, Self, TypeAlias

from sooner._text import require_visible, visible
from sooner.errors import RecipeError
from sooner.recipes import Recipe
from sooner.results.records import Role


class Entry(Protocol):
    """What a lane runs: a recipe, a program or a Python function. Frozen; equal entries train alike.

    Attributes:
        name: of the lane.
        summary: one line about it.
        budget: what a run may spend: "10ep" and the like for a recipe, a number for what takes the place of `{budget}`
            in a program, None where it has no budget that the race could set.
        model: that it trains, by name; "" where the race does not know.
    """

    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def budget(self) -> str | None: ...
    @property
    def model(self) -> str: ...

    def at(self, budget: str) -> Self:
        """The same with its schedule fitted to another budget. Raises RecipeError where it cannot be."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data; `sooner.racing.runs.read_entry` reads it."""
        ...


ReadEntry: TypeAlias = Callable[[str, Mapping[str, Any]], Entry]


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

    @property
    def kind(self) -> str:
        """What its entry is: "recipe", "program" or "function"."""
        return type(self.entry).__name__.lower()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the store."""
        return {
            "name": self.name,
            "role": self.role,
            "kind": self.kind,
            "recipe": self.entry.to_dict(),
            "added_for": list(self.added_for),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], read: ReadEntry) -> PlannedLane:
        """Read what `to_dict` gave; `read` makes the entry from its kind and its fields."""
        # Names that would be refused today are written out, so that what has run under them can be read.
        own = {**fields["recipe"], "name": visible(fields["recipe"]["name"])}
        entry = read(fields.get("kind", "recipe"), own)
        return cls(visible(fields["name"]), fields["role"], entry, tuple(map(visible, fields["added_for"])))


@dataclass(frozen=True)
class PlannedRun:
    """One run that is to be made: a lane with a seed."""

    lane: PlannedLane
    seed: int

    @property
    def saved(self) -> str:
        """The name of the file that holds the run's state while it is under way."""
        return saved_name(self.lane.name, self.seed)


def require_visible_name(name: str) -> None:
    """Raises RecipeError for the name of a lane that a terminal would not show as it is."""
    try:
        require_visible("a lane's name", name)
    except ValueError as error:
        raise RecipeError(str(error)) from None


def saved_name(lane: str, seed: int) -> str:
    """The file's name by the names of the run: a lane's may hold what no file's name can."""
    return f"run-{sha256(lane.encode()).hexdigest()[:12]}-{seed}.safetensors"
