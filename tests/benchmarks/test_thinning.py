import numpy as np
import pytest
from benchmarks._thinning import needed

from sooner.statistics.crossing import at, first_crossing


def test_by_hand():
    # Targets up to 0.4 are reached at 0.5, which 0.4 confirms, those up to 0.44 between 0.3 and 0.44: 0.45 is no hit.
    assert needed([0.1, 0.2, 0.5, 0.4, 0.45, 0.3, 0.44, 0.6]) == [0, 1, 2, 3, 5, 6, 7]
    assert needed([0.1, 0.8, 0.8, 0.3, 0.2, 0.7]) == [0, 1, 2, 5]
    assert needed([]) == []


@pytest.mark.parametrize("broke_off", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_times_to_all_targets_stay(seed, broke_off):
    draw = np.random.default_rng(seed)
    metric = 1 - np.exp(-np.linspace(0, 3, 40)) + 0.08 * draw.standard_normal(40)
    seconds = np.cumsum(draw.random(40))
    kept = needed(metric.tolist(), broke_off=broke_off)
    targets = np.unique([*np.linspace(-0.3, 1.3, 500), *metric])
    whole, thinned = (
        at(first_crossing(metric[places], targets, confirm_last=broke_off), seconds[places])
        for places in (np.arange(40), kept)
    )
    np.testing.assert_allclose(thinned, whole, rtol=1e-12)
    assert len(kept) < 40


def test_below_the_least_target_nothing_is_kept():
    metric = np.linspace(0, 1, 41).tolist()
    kept = needed(metric, 0.8)
    assert kept == [0, *range(31, 41)]
