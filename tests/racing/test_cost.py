import math

import pytest

from sooner.errors import SoonerError
from sooner.racing.cost import check_price, energy, lane_cost, money, price_to_target
from sooner.racing.results import Lane
from tests.reporting.races import race, run


def test_half_an_hour_costs_half_the_price() -> None:
    assert price_to_target(1800, 2.5) == 1.25


@pytest.mark.parametrize("price", [0.0, -1.0, math.inf, math.nan])
def test_a_price_must_be_one(price: float) -> None:
    with pytest.raises(SoonerError, match="must be above 0"):
        check_price(price)
    assert check_price(2.5) == 2.5


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0.00"),
        (1234.5, "1234.50"),
        (1.2, "1.20"),
        (1, "1.00"),
        (0.25, "0.250"),
        (0.01234, "0.0123"),
        (0.1, "0.100"),
        (4.5e-6, "0.00000450"),
    ],
)
def test_small_amounts_keep_three_figures(amount: float, text: str) -> None:
    assert money(amount) == text


@pytest.mark.parametrize(
    ("joules", "text"),
    [
        (0.25, "0.250 J"),
        (12.46, "12.5 J"),
        (99.96, "100 J"),
        (999.4, "999 J"),
        (999.6, "1.00 kJ"),
        (1204, "1.20 kJ"),
        (4e6, "4.00 MJ"),
        (2.5e12, "2500 GJ"),
    ],
)
def test_energy_is_said_to_three_figures(joules: float, text: str) -> None:
    assert energy(joules) == text


def _lane(*metrics: list[float], energies: tuple[float | None, ...] = ()) -> Lane:
    energies = energies or (None,) * len(metrics)
    runs = [
        run(each, seed=seed, seconds_per_look=3600, energy_joules=joules)
        for seed, (each, joules) in enumerate(zip(metrics, energies, strict=True))
    ]
    return Lane("baseline", "baseline", {}, runs)


def test_money_is_that_of_the_median_time_to_target() -> None:
    lane = _lane([0.0, 0.5], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0])  # 1 h, 2 h, never
    [row] = lane_cost(race([lane], price_per_hour=2.5))
    assert row.money_to_target == 5.0
    [row] = lane_cost(race([lane]))
    assert row.money_to_target is None


def test_without_a_median_there_is_no_price() -> None:
    half = _lane([0.0, 0.5], [0.0, 0.0])
    [row] = lane_cost(race([half], price_per_hour=2.5))
    assert row.money_to_target is None
    [row] = lane_cost(race([_lane()], price_per_hour=2.5))
    assert (row.money_to_target, row.whole_run_joules, row.runs) == (None, None, 0)


def test_energy_is_told_only_where_all_runs_were_measured() -> None:
    metrics = [[0.0, 0.5], [0.0, 0.5], [0.0, 0.5]]
    [row] = lane_cost(race([_lane(*metrics, energies=(30.0, 10.0, 14.0))]))
    assert row.whole_run_joules == 14.0
    [row] = lane_cost(race([_lane(*metrics, energies=(30.0, 10.0, None))]))
    assert row.whole_run_joules is None
    assert (row.measured, row.runs) == (2, 3)
