"""A Python function as an entry of a race."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

from sooner.errors import RecipeError
from sooner.racing.plan.lanes import require_visible_name
from sooner.racing.programs.program import require_number

Trainer: TypeAlias = Callable[..., Any]
"""train(seed) or train(seed, budget): a generator of (examples, metric), or a function that calls sooner.report."""


@dataclass(frozen=True)
class Function:
    """A Python function as an entry of a race.

    Args:
        name: of the lane.
        function: its module and qualified name, for the record; a stored race cannot call it.
        budget: the second argument it is called with, a number above 0 as text; None for a function of the seed alone.
        summary: one line about it.

    Raises:
        RecipeError: it has no name, or the budget is no number.
    """

    name: str
    function: str
    budget: str | None = None
    summary: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise RecipeError(f"the lane that runs {self.function} has no name; give it one")
        require_visible_name(self.name)
        if self.budget is not None:
            require_number(self.name, self.budget)

    @classmethod
    def of(cls, name: str, function: Trainer, budget: str | None = None) -> Function:
        """The entry that runs `function`. Raises RecipeError where it cannot be called as a race calls it."""
        given = ("seed",) if budget is None else ("seed", "budget")
        call = f"train({', '.join(given)})"
        if not callable(function):
            raise RecipeError(f"{name}: a lane must be a function, {call}, not {function!r}")
        try:
            inspect.signature(function).bind(*given)
        except TypeError as error:
            raise RecipeError(f"{name}: the race calls it as {call}, which does not fit: {error}") from None
        except ValueError:  # made in C, without a signature: the first call shows whether it fits
            pass
        return cls(name, _qualified(function), budget, _summary(function))

    @property
    def model(self) -> str:
        """Unknown to the race."""
        return ""

    def at(self, budget: str) -> Function:
        """The same with another budget. Raises RecipeError where it takes none."""
        if self.budget is None:
            raise RecipeError(
                f"{self.name} takes a seed alone; to race it at several budgets, write train(seed, budget) and give "
                "race a budget"
            )
        return replace(self, budget=budget)

    @property
    def amount(self) -> int | float | None:
        """The budget as the number that the function gets: an int where it is whole."""
        if self.budget is None:
            return None
        number = float(self.budget)
        return int(number) if number.is_integer() else number

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Function:
        """Read what `to_dict` gave."""
        return cls(**fields)


def _qualified(function: Trainer) -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', type(function).__module__)}.{name}"


def _summary(function: Trainer) -> str:
    return (getattr(function, "__doc__", None) or "").strip().partition("\n")[0]
