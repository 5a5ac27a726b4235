"""The ladder of budgets of the fitted protocol."""

from __future__ import annotations

import re

from sooner.budget import Budget

RATIO = 2**0.5
SMALLEST = 1 / 16

_NUMBER = re.compile(r"\s*(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)\s*")
_CLOSE = 0.025  # two digits are kept where they are this near, three elsewhere: 14.1 becomes 14, 1.06 stays


def ladder(budget: str, *, smallest: float = SMALLEST, ratio: float = RATIO) -> tuple[str, ...]:
    """The budgets that lanes are raced at, in equal ratios, ascending, `budget` itself the last.

    All but the last are rounded to two significant digits where that moves them by at most 2.5%, else to three.
    Steps, examples and whole numbers stay whole; what rounds to the same budget is raced once.

    Args:
        budget: the greatest: "40ep" and the like, or a plain number, which takes the place of `{budget}` in a program.
        smallest: no budget is below this share of `budget`, in (0, 1], rounding aside.
        ratio: of one budget to the one below it, above 1.

    Returns:
        For "40ep" 2.5ep, 3.5ep, 5ep, 7.1ep, 10ep, 14ep, 20ep, 28ep, 40ep.

    Raises:
        ValueError: for another budget, for one that is a share of another ("0.5x"), and for bounds out of range.
    """
    if not 0 < smallest <= 1:
        raise ValueError(f"the smallest budget must be a share in (0, 1] of the greatest, not {smallest}")
    if not ratio > 1:
        raise ValueError(f"the ratio of one budget to the next must be above 1, not {ratio}")
    greatest = _Number(budget) if _NUMBER.fullmatch(budget) else _Amount(budget)
    factors = [1.0]
    while factors[-1] / ratio >= smallest * (1 - 1e-9):
        factors.append(factors[-1] / ratio)
    return tuple(dict.fromkeys([*(greatest.times(factor) for factor in reversed(factors[1:])), greatest.text]))


class _Amount:
    """A budget with a unit."""

    def __init__(self, text: str) -> None:
        self._budget = Budget.parse(text)
        if self._budget.relative:
            raise ValueError(f"{text} is a share of another budget; a ladder needs one that stands by itself, as 10ep")
        self.text = str(self._budget)

    def times(self, factor: float) -> str:
        unit = self._budget.unit
        amount = _rounded(self._budget.amount * factor)
        return str(Budget(max(1, round(amount)) if unit in ("ba", "ex") else amount, unit))


class _Number:
    """A budget that a program understands, whatever its unit."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._whole = self.text.isdigit()
        self._amount = float(self.text)
        if not 0 < self._amount < float("inf"):
            raise ValueError(f"a budget must be finite and above 0, not {self.text}")

    def times(self, factor: float) -> str:
        amount = _rounded(self._amount * factor)
        return str(max(1, round(amount))) if self._whole else f"{amount:.12g}"


def _rounded(amount: float) -> float:
    short = float(f"{amount:.2g}")
    return short if abs(short / amount - 1) <= _CLOSE else float(f"{amount:.3g}")
