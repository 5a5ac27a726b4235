"""What a race says of money and energy: in the user's own currency, and only as far as it was measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from sooner.errors import SoonerError
from sooner.racing.results import Results


def check_price(per_hour: float) -> float:
    """The price of an hour on the machine as it is. Raises SoonerError unless it is above 0 and finite."""
    if not (per_hour > 0 and math.isfinite(per_hour)):
        raise SoonerError(f"--price must be above 0, what an hour on this machine costs, such as 2.50; not {per_hour}")
    return per_hour


def price_to_target(seconds: float, price_per_hour: float) -> float:
    """What `seconds` cost at a price per hour, in its currency."""
    return seconds / 3600 * price_per_hour


def money(amount: float) -> str:
    """An amount of at least 0 without a currency: "1234.50", "1.20", "0.0123", "0.00000450"."""
    if amount >= 1 or amount == 0:
        return f"{amount:.2f}"
    decimals = 2 - math.floor(math.log10(amount))
    return f"{amount:.{decimals}f}"


def energy(joules: float) -> str:
    """An energy to three figures: "0.250 J", "12.5 J", "1.20 kJ", "4.00 MJ"."""
    for size, unit in ((1e9, "GJ"), (1e6, "MJ"), (1e3, "kJ")):
        if joules >= size * 0.9995:
            return f"{_three(joules / size)} {unit}"
    return f"{_three(joules)} J"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:#.3g}"


@dataclass(frozen=True)
class LaneCost:
    """What reaching the target costs with one lane.

    Attributes:
        lane: its name.
        money_to_target: price of the median time to target on the wall clock: of training, without evaluation. None
            without a price, or where half of the runs or more never reached it.
        whole_run_joules: median energy of a whole run, to the end of its budget, not to the target. None unless it
            was measured in all of the lane's runs.
        measured: runs whose energy was measured.
        runs: all its runs.
    """

    lane: str
    money_to_target: float | None
    whole_run_joules: float | None
    measured: int
    runs: int


def lane_cost(results: Results) -> list[LaneCost]:
    """The costs of all lanes, in the order of the race. Lanes without a run have none."""
    rows = []
    for lane in results.lanes:
        times = [math.inf if run.time_to_target_s is None else run.time_to_target_s for run in lane.runs]
        joules = [run.energy_joules for run in lane.runs if run.energy_joules is not None]
        seconds, price = _median(times), results.price_per_hour
        rows.append(
            LaneCost(
                lane.name,
                price_to_target(seconds, price) if seconds is not None and price is not None else None,
                _median(joules) if len(joules) == len(lane.runs) else None,
                len(joules),
                len(lane.runs),
            )
        )
    return rows


def _median(values: Sequence[float]) -> float | None:
    """Their median, where there is one and it is finite."""
    middle = statistics.median(values) if values else math.inf
    return middle if math.isfinite(middle) else None
