"""What a race asks, and when it is over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from sooner.errors import RecipeError

Protocol = Literal["first-hit", "fitted"]
Until = Literal["pairs", "decided"]


@dataclass(frozen=True)
class Rules:
    """What a race asks, and when it is over.

    Attributes:
        protocol: "first-hit", or "fitted": the smallest budget that reaches the target in a `share` of the seeds.
        until: "pairs", or "decided": look from time to time and stop lanes whose verdict is in.
        detect: difference of speed that matters, above 0: 0.10 is one lane 1.1 times as fast.
        confirm: run the winner and its opponents again on as many fresh seeds, once the race is over.
        share: of the seeds, in (0, 1].
        scan: seeds that run every budget of the fitted protocol, at least 1; the others run only those that bracket
            their crossing. As many as there are pairs gives intervals at every target, at two to three times the cost.
        price: of an hour on this machine, above 0, if the user said.
        tune: search the learning rate of every lane before the race, on seeds of their own; of recipes only.
        tune_rates: that are tried around a recipe's own, an odd number of at least 3: as many below it as above.
        tune_seeds: that each of them is tried with, at least 1.

    Raises:
        RecipeError: a number out of range, or rules that do not go together.
    """

    protocol: Protocol = "first-hit"
    until: Until = "pairs"
    detect: float = 0.10
    confirm: bool = False
    share: float = 0.5
    scan: int = 2
    price: float | None = None
    tune: bool = False
    tune_rates: int = 5
    tune_seeds: int = 2

    def __post_init__(self) -> None:
        for name, known in (("protocol", get_args(Protocol)), ("until", get_args(Until))):
            if getattr(self, name) not in known:
                raise RecipeError(f"{name} must be {' or '.join(known)}, not {getattr(self, name)}")
        if not 0 < self.detect <= 10:
            raise RecipeError(f"detect must be above 0 and at most 10 (0.10 is 10%), not {self.detect:g}")
        if not 0 < self.share <= 1:
            raise RecipeError(f"share must be above 0 and at most 1, not {self.share:g}")
        if self.scan < 1:
            raise RecipeError(f"scan must be at least 1 seed, not {self.scan}")
        if self.price is not None and not 0 < self.price < math.inf:
            raise RecipeError(f"price must be that of an hour, above 0, not {self.price:g}")
        if self.tune_rates < 3 or not self.tune_rates % 2:
            raise RecipeError(
                f"the rates that are tried must be an odd number of at least 3, the recipe's own in the middle, not "
                f"{self.tune_rates}"
            )
        if self.tune_seeds < 1:
            raise RecipeError(f"a rate must be tried with at least 1 seed, not {self.tune_seeds}")
        if self.protocol == "fitted" and (self.until == "decided" or self.confirm):
            raise RecipeError(
                "the fitted protocol already decides which runs are needed; leave out --until and --confirm"
            )
