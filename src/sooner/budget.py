"""Budgets: how long to train, as an amount with a unit, and how much of it is spent."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

Unit = Literal["ep", "ba", "ex", "s", "x"]

_TEXT = re.compile(r"\s*(?P<amount>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)\s*(?P<unit>ep|ba|ex|s|x)\s*")
_ALLOWED = (
    '"10ep" (epochs), "5000ba" (optimizer steps), "2e6ex" (examples), "90s" (seconds on the clock), or "0.1x", a share '
    "of the budget of the recipe that is extended"
)
_COUNTED = ("ba", "ex")  # units that come in wholes


@dataclass(frozen=True)
class Budget:
    """How long to train. Progress through it drives every schedule, so a schedule always fits its budget.

    An epoch is n examples, n being the size of the training set, whichever examples a method picks: ten epochs of a
    fixed tenth of the data pass that tenth a hundred times. Whoever trains may pass the end by part of a batch.

    Attributes:
        amount: finite and above 0; whole for "ba" and "ex".
        unit: "ep" epochs, "ba" optimizer steps, "ex" examples, "s" seconds on the race's clock, or "x", a share of
            the budget of the recipe that is extended: relative, it has to be resolved with `scaled` before use.

    Raises:
        ValueError: for any other amount or unit.
    """

    amount: float
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ValueError(f"the unit of a budget must be ep, ba, ex, s or x, not {self.unit!r}")
        if not (math.isfinite(self.amount) and self.amount > 0):
            raise ValueError(f"a budget must be finite and above 0, not {self.amount}{self.unit}")
        if self.unit in _COUNTED and self.amount != int(self.amount):
            raise ValueError(f"a budget in {self.unit} must be a whole number, not {self.amount}{self.unit}")
        object.__setattr__(self, "amount", float(self.amount))

    @classmethod
    def parse(cls, text: object) -> Budget:
        """Read a number and a unit, such as "10ep" or "0.1x". Raises ValueError for anything else."""
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(f"a budget must be a number with a unit: {_ALLOWED}; not {text!r}")
        return cls(float(found["amount"]), found["unit"])  # type: ignore[arg-type]  # the pattern allows units only

    def __str__(self) -> str:
        """The text that `parse` reads back to the same budget."""
        whole = self.amount == int(self.amount) and self.amount < 1e15
        return f"{int(self.amount) if whole else repr(self.amount)}{self.unit}"

    @property
    def relative(self) -> bool:
        """Whether this is a share of another budget."""
        return self.unit == "x"

    def scaled(self, factor: float) -> Budget:
        """This budget times `factor`, above 0. Steps and examples are rounded, to 1 at the least. Raises ValueError."""
        if not factor > 0:
            raise ValueError(f"a budget can only be scaled by a factor above 0, not {factor}")
        amount = self.amount * factor
        if self.unit in _COUNTED:
            return Budget(max(1, round(amount)), self.unit)
        return Budget(float(f"{amount:.12g}"), self.unit)  # 0.1 of 3ep is 0.3ep, without the last binary digits

    def examples(self, n: int, batch_size: int) -> int | None:
        """Examples it pays for with `n` in the training set; None in seconds, where only a clock can tell.

        Steps count as full batches, though the last one of a round may be smaller.
        """
        match self.unit:
            case "ep":
                return max(1, round(self.amount * n))
            case "ex":
                return int(self.amount)
            case "ba":
                return int(self.amount) * batch_size
            case _:
                self._refuse_relative()
                return None

    def progress(self, *, step: int, examples: int, seconds: float, n: int) -> float:
        """Share of the budget spent, in [0, 1].

        Args:
            step: optimizer steps taken.
            examples: examples trained on, repetitions counted.
            seconds: on the clock.
            n: size of the training set.

        Raises:
            ValueError: if the budget is relative.
        """
        self._refuse_relative()
        match self.unit:
            case "ba":
                spent = step / self.amount
            case "s":
                spent = seconds / self.amount
            case _:
                # Whole examples: 0.7ep of 10 are 7, not the 7.000000000000001 that no number of them would reach.
                spent = examples / (self.amount if self.unit == "ex" else max(1, round(self.amount * n)))
        return min(max(spent, 0.0), 1.0)

    def _refuse_relative(self) -> None:
        if self.relative:
            raise ValueError(f"{self} is a share of another budget: scale that one by {self.amount:g} before use")
