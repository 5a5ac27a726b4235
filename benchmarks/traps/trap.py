"""What a trap is: a race whose truth is known, and what the race may say of it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from benchmarks._sooner import Finding
from benchmarks.traps.said import Said, states

Status = Literal["right", "withheld", "wrong"]
Findings = frozenset[Finding]

FASTER: Findings = frozenset({Finding.FASTER})
SLOWER: Findings = frozenset({Finding.SLOWER})
ALIKE: Findings = frozenset({Finding.NO_DIFFERENCE, Finding.EQUAL, Finding.NOT_FASTER})
MISSED: Findings = frozenset({Finding.NEITHER_REACHED})
UNDECIDED: Findings = frozenset({Finding.WITHHELD, Finding.OPEN, Finding.TOO_FEW_PAIRS, Finding.NO_DIFFERENCE})
_ERRORS = 2  # standard errors of the simulation that a share may be off


@dataclass(frozen=True)
class Truth:
    """What is the case, and which verdicts agree with it. What is neither right nor withheld is wrong.

    Attributes:
        words: what is the case.
        right: findings that say so.
        withheld: findings that claim nothing and are acceptable; empty where the race has to find the truth.
        calibrated: findings that are right on the calibrated clock, where they are others than on the wall clock. A
            race that shows no calibrated clock says nothing wrong on it.
        examples: findings that are right of the examples to the target; None leaves them out of account.
        never, must: statements, by their names in `said.STATEMENTS`, that the race may not make, or has to.
        told: pattern of a caution that turns a wrong finding into a withheld one. Only for what no race can check: it
            has to state what it takes on trust.
        silent: the race may say nothing at all, which is right: no such clock is shown.
        wrong_at_most: share of the races that may end wrong by chance.
        right_at_least: share of the races that have to end right.
    """

    words: str
    right: Findings
    withheld: Findings = UNDECIDED
    calibrated: Findings | None = None
    examples: Findings | None = None
    never: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    told: str | None = None
    silent: bool = False
    wrong_at_most: float = 0.0
    right_at_least: float = 0.0

    def judge(self, said: Said) -> Status:
        """Whether one race speaks the truth."""
        right = {"wall": self.right, "calibrated": self.calibrated or self.right, "examples": self.examples}
        found = [(agreed, each) for clock, each in said.findings if (agreed := right[clock]) is not None]
        false = any(each not in agreed | self.withheld for agreed, each in found) or not (found or self.silent)
        if false or self._statements(said):
            return "withheld" if self._told(said) and not self._missing(said) else "wrong"
        return "right" if all(each in agreed for agreed, each in found) else "withheld"

    def words_for(self, said: Said) -> str:
        """What the race says, with the statements that it should not make, or lacks, and its cautions in question."""
        told = self._told(said)
        return "; ".join([said.short, *self._statements(said), *([f'cautions: "{told}"'] if told else [])])

    def _missing(self, said: Said) -> list[str]:
        return [f'does not say "{name}"' for name in self.must if not states(said, name)]

    def _statements(self, said: Said) -> list[str]:
        return [*(f'says "{name}"' for name in self.never if states(said, name)), *self._missing(said)]

    def _told(self, said: Said) -> str | None:
        if self.told is None:
            return None
        return next((each for each in said.cautions if re.search(self.told, each)), None)


@dataclass(frozen=True)
class Outcome:
    """What came of the races of one trap: how many ended how, and what one of them said."""

    races: int
    right: int
    withheld: int
    wrong: int
    said: str

    def status(self, truth: Truth) -> Status:
        """Whether the race was fooled: by shares of races, within the error of the simulation."""
        if self.wrong > self.races * truth.wrong_at_most + self._error(truth.wrong_at_most):
            return "wrong"
        if truth.right_at_least:
            enough = self.right >= self.races * truth.right_at_least - self._error(truth.right_at_least)
            return "right" if enough else "wrong"
        return "withheld" if self.withheld > self.right else "right"

    def _error(self, share: float) -> float:
        return _ERRORS * math.sqrt(share * (1 - share) * self.races)


Build = Callable[[np.random.Generator, int], Iterable[Said]]


@dataclass(frozen=True)
class Trap:
    """A race made to be misjudged, or, in the group "honest", one that has to be judged.

    Attributes:
        name: short, unlike all others.
        group: heading under which it is listed.
        truth: what is the case.
        build: makes so many races, and yields what each says.
        races: how many of them; 1 where nothing in the race is left to chance.
        short: how many in the short form, 0 where so few show nothing.
    """

    name: str
    group: str
    truth: Truth
    build: Build = field(repr=False)
    races: int = 1
    short: int = 1

    def spring(self, races: int | None = None) -> Outcome:
        """Run the races, the same ones every time."""
        races = self.races if races is None else races
        rng = np.random.default_rng([*self.name.encode()])
        counts: Counter[Status] = Counter()
        shown: dict[Status, str] = {}
        for said in self.build(rng, races):
            status = self.truth.judge(said)
            counts[status] += 1
            shown.setdefault(status, self.truth.words_for(said))
        if counts.total() != races:
            raise RuntimeError(f"{self.name} made {counts.total()} races instead of {races}")
        example = next(shown[status] for status in ("wrong", "withheld", "right") if status in shown)
        return Outcome(races, counts["right"], counts["withheld"], counts["wrong"], example)
