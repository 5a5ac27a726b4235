import math
from pathlib import Path

import pytest

from sooner.results.forecast import Noise, forecast, noises, total_pairs
from sooner.results.rescoring import rescore
from sooner.statistics.power import log_ratio_sd, max_pairs_needed, pairs_needed
from tests.racing.made import plan
from tests.racing.raced import race


def test_a_forecast_at_the_published_noise() -> None:
    found = forecast(log_ratio_sd(), 0.2)
    assert (found.pairs, found.maximal) == (pairs_needed(log_ratio_sd(), 0.2), max_pairs_needed(log_ratio_sd(), 0.2))
    assert found.quiet == 6
    assert found.noisy == pairs_needed(math.sqrt(2 * math.log(1 + 0.22**2)), 0.2)
    assert found.quiet <= found.pairs <= found.noisy
    assert found.expected is not None
    assert 6 <= found.expected <= found.maximal


def test_long_races_are_not_simulated() -> None:
    found = forecast(0.5, 0.1)
    assert found.maximal > 60
    assert found.expected is None


def test_the_noise_of_a_race_by_hand(tmp_path: Path) -> None:
    # Log-ratios ln 2, ln 2, ln 2 + 0.3: mean ln 2 + 0.1, squares 0.01 + 0.01 + 0.04, over 2 degrees of freedom.
    fast = [5.0, 5.0, 5.0 * math.exp(-0.3)]
    results = race(tmp_path / "r", plan("fast", pairs=3), {"baseline": [10.0] * 3, "fast": fast})
    (found,) = noises(results, "wall")
    assert (found.lane, found.against, found.clock, found.pairs, found.known) == ("fast", "baseline", "wall", 3, 3)
    assert found.sd == pytest.approx(math.sqrt(0.06 / 2))
    assert found.expected_sd == pytest.approx(math.sqrt((log_ratio_sd() ** 2 + 0.06) / 3))


def test_pairs_that_missed_tell_nothing_of_the_noise(tmp_path: Path) -> None:
    results = race(tmp_path / "r", plan("fast", pairs=2), {"baseline": 10.0, "fast": 5.0})

    (found,) = noises(rescore(results, 0.99), "wall")
    assert (found.pairs, found.known, found.sd, found.expected_sd) == (2, 0, None, log_ratio_sd())


def noise(pairs: int, sd: float) -> Noise:
    return Noise("a", "b", "wall", pairs, pairs, sd, sd)


def test_pairs_are_dearer_once_a_verdict_could_be_seen() -> None:
    needed = pairs_needed(0.2, 0.1)
    assert total_pairs(noise(5, 0.2), 0.1) == needed
    # A second look after six pairs has (5% - 2/64) / 2 = 0.94%, whose quantile is 2.598 in place of 1.960.
    assert total_pairs(noise(6, 0.2), 0.1) == math.ceil(((2.598 + 0.8416) / (1.960 + 0.8416)) ** 2 * needed)
    assert total_pairs(noise(needed, 0.2), 0.1) == needed
