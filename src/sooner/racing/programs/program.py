"""A program as an entry of a race."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from sooner.errors import RecipeError
from sooner.racing.plan.lanes import require_visible_name
from sooner.racing.programs import template
from sooner.racing.programs.reading import Reader, json_reader, pattern_reader


@dataclass(frozen=True)
class Program:
    """A command line that trains a model and reports its metric as it goes.

    Its metric is read, in this order of preference,

    - from its output by a regular expression, where one is given;
    - else from its output as JSON lines `{"metric": 0.93, "step": 100, "examples": 6400}`, of which only the metric
      is required, and from `sooner.report`, which needs no output at all. Use one of the two.

    Its output is stdout, or stderr if there is no metric on stdout. A line ends with a newline or a carriage return,
    and counts when it ends; where a progress bar draws the same metric again, that is no new evaluation. Colours and
    other escape sequences of terminals are left out. Programs that hold
    back their output when it is no terminal need an option against it (`stdbuf -oL`), or their lines come too late; for
    Python the race sets it.

    Seconds that it tells of itself (`"seconds": 2.5`, or a group of that name) are its own word: no race can check from
    when it counts, so they are used with `own_seconds` alone.

    Args:
        name: of the lane.
        command: split into words as a shell would, but run without one (`sh -c '...'` where you need one). `{seed}`
            must be in it, or every pair would be the same run again; `{budget}` may be. Write `{{` and `}}` for braces.
        metric: regular expression that is searched in each line. Its only group, or the one named `metric`, is the
            metric, higher is better; groups named `step`, `examples` and `seconds` are optional.
        budget: what takes the place of `{budget}`: a number above 0, as text. There exactly if the command has one.
        own_seconds: time its looks by the seconds that it tells, where it tells any; else by the race's clock, which
            starts with it.
        timeout: seconds without output or report after which a run is ended; None waits without limit.
        summary: one line about it.

    Raises:
        RecipeError: any of this is not as it should be. Whether the command can be run here is not looked at, so the
            plan of a race can be read anywhere; `ProgramRuns` looks.
    """

    name: str
    command: str
    metric: str | None = None
    budget: str | None = None
    timeout: float | None = None
    summary: str = ""
    own_seconds: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise RecipeError(f"the lane that runs {self.command!r} has no name; give it one")
        require_visible_name(self.name)
        places = template.places(self.command)
        if "seed" not in places:
            raise RecipeError(
                f"{self.name}: the command {self.command!r} has no {{seed}}, so all its runs would be alike; pass it "
                "on, as in 'python train.py --seed {seed}' or 'env SEED={seed} ...'"
            )
        if self.budget is None and "budget" in places:
            raise RecipeError(f"{self.name}: its command has {{budget}}; give a budget, a number, to put there")
        if self.budget is not None:
            if "budget" not in places:
                raise RecipeError(
                    f"{self.name}: a budget of {self.budget} was given, but the command {self.command!r} has no "
                    "{budget} that it could go to"
                )
            require_number(self.name, self.budget)
        if self.timeout is not None and not (self.timeout > 0 and math.isfinite(self.timeout)):
            raise RecipeError(f"{self.name}: the timeout must be seconds above 0, not {self.timeout:g}")
        self.reader()

    @property
    def model(self) -> str:
        """Unknown to the race."""
        return ""

    def at(self, budget: str) -> Program:
        """The same with another number for `{budget}`. Raises RecipeError where the command has none."""
        return replace(self, budget=budget)

    def arguments(self, seed: int) -> list[str]:
        """The words of the command line that runs `seed`."""
        return template.fill(self.command, {"seed": str(seed), "budget": self.budget or ""})

    def reader(self) -> Reader:
        """What finds the metric in a line of its output."""
        if self.metric is None:
            return partial(json_reader, own_seconds=self.own_seconds)
        return pattern_reader(self.metric, own_seconds=self.own_seconds)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Program:
        """Read what `to_dict` gave."""
        return cls(**fields)


def require_number(name: str, budget: str) -> None:
    """Raises RecipeError where a lane's budget is not a finite number above 0."""
    try:
        amount = float(budget)
    except ValueError:
        amount = math.nan
    if not (amount > 0 and math.isfinite(amount)):
        raise RecipeError(f"{name}: the budget must be a number above 0, not {budget!r}")
